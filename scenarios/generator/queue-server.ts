import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hurry } from '../load/hurry.ts'

/** What the starter of this process sends it, once. */
export type QueueOrder = {
  /** By the id of the call. */
  readonly servicesMs: Float64Array
  /** It stands still for so long when this call comes; null: never. */
  readonly freeze: { readonly id: number; readonly ms: number } | null
}

/** Node's timers are up to so late; what is left is waited for awake. */
const timerSlackMs = 2.5

type Waiting = {
  readonly id: number
  readonly departsMs: number
  readonly response: ServerResponse
}

// Ctrl-C reaches the whole group; the starter decides when this process ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.once('message', (order: QueueOrder) => {
  hurry()
  const line = new Line(order)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id }: { id: number } = JSON.parse(Buffer.concat(chunks).toString())
      line.join(id, response)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as AddressInfo).port)
  })
})

/** One server and those who wait for it: serving takes time, not CPU. */
class Line {
  readonly #order: QueueOrder
  readonly #waiting: Waiting[] = []
  #freeMs = 0
  #isAwake = false

  constructor(order: QueueOrder) {
    this.#order = order
  }

  join(id: number, response: ServerResponse): void {
    const { servicesMs, freeze } = this.#order
    const nowMs = performance.now()
    if (freeze !== null && id === freeze.id)
      this.#freeMs = Math.max(this.#freeMs, nowMs + freeze.ms)
    this.#freeMs = Math.max(this.#freeMs, nowMs) + (servicesMs[id] ?? 0)
    this.#waiting.push({ id, departsMs: this.#freeMs, response })
    this.#wake()
  }

  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.#serve()
  }

  /** Answers who is due, then sleeps or stays awake until the next is. */
  #serve(): void {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined) {
        this.#isAwake = false
        return
      }
      const leftMs = first.departsMs - performance.now()
      if (leftMs > timerSlackMs) {
        setTimeout(() => this.#serve(), leftMs - timerSlackMs)
        return
      }
      if (leftMs > 0) {
        setImmediate(() => this.#serve())
        return
      }
      this.#waiting.shift()
      first.response.end(JSON.stringify({ jsonrpc: '2.0', id: first.id, result: '0x1' }))
    }
  }
}
