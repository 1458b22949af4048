import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** When in the course of a send something happens to its connection. */
export const steps = ['before its bytes', 'after its bytes', 'after half of its answer'] as const

export type Step = (typeof steps)[number]

/** What happens: the connection ends, falls silent, or ends with the whole node. */
export const faults = ['cut', 'silent', 'dead'] as const

export type Fault = (typeof faults)[number]

const sendMethod = 'eth_sendRawTransaction'

/** A way to one node that does something to one send, at one step of it. */
export class Gate {
  readonly #server: Server
  readonly #to: URL
  readonly #pairs = new Set<Pair>()
  #armed: { readonly step: Step; readonly fault: Fault } | null = null
  #port = 0

  private constructor(to: string) {
    this.#to = new URL(to)
    this.#server = createServer((client) => {
      const pair = new Pair(client, this.#to, (step) => this.#fire(step))
      this.#pairs.add(pair)
      client.once('close', () => this.#pairs.delete(pair))
    })
  }

  static async start(to: string): Promise<Gate> {
    const gate = new Gate(to)
    await gate.heal()
    return gate
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Whether the fault that was wanted has not happened yet. */
  get isArmed(): boolean {
    return this.#armed !== null
  }

  /** The next send meets this. */
  arm(step: Step, fault: Fault): void {
    this.#armed = { step, fault }
  }

  /** All is well again. */
  async heal(): Promise<void> {
    this.#armed = null
    if (this.#server.listening) return
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.cut()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** @returns what is to be done at this step, or null */
  #fire(step: Step): Fault | null {
    if (this.#armed?.step !== step) return null
    const { fault } = this.#armed
    this.#armed = null
    if (fault === 'dead') {
      this.#server.close()
      for (const pair of this.#pairs) pair.cut()
    }
    return fault
  }
}

/** One connection and its other half, from the gate to the node. */
class Pair {
  readonly #client: Socket
  readonly #node: Socket
  readonly #fire: (step: Step) => Fault | null
  #isSending = false
  #isSilent = false

  constructor(client: Socket, to: URL, fire: (step: Step) => Fault | null) {
    this.#client = client
    this.#node = connect(Number(to.port), to.hostname)
    this.#fire = fire
    client.on('data', (chunk) => this.#fromClient(chunk))
    this.#node.on('data', (chunk) => this.#fromNode(chunk))
    for (const [one, other] of [
      [client, this.#node],
      [this.#node, client],
    ] as const) {
      // Its end is told by 'close'; what it ended of is of no matter here.
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  }

  cut(): void {
    this.#client.resetAndDestroy()
    this.#node.destroy()
  }

  #fromClient(chunk: Buffer): void {
    if (this.#isSilent) return
    if (chunk.includes(sendMethod)) {
      this.#isSending = true
      if (this.#happens('before its bytes')) return
    }
    this.#node.write(chunk)
  }

  #fromNode(chunk: Buffer): void {
    if (this.#isSilent) return
    if (this.#isSending) {
      this.#isSending = false
      if (this.#happens('after its bytes')) return
      const half = chunk.subarray(0, chunk.length >> 1)
      const isHalf = this.#happens('after half of its answer', half)
      if (isHalf) return
    }
    this.#client.write(chunk)
  }

  /** @param last goes to the client before */
  #happens(step: Step, last: Buffer | null = null): boolean {
    const fault = this.#fire(step)
    if (fault === null) return false
    this.#isSilent = true
    if (last !== null) this.#client.write(last)
    // What was written is to arrive: no reset, which would take it back.
    if (fault === 'cut') this.#client.end()
    return true
  }
}
