import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { utilizationOf } from './orca.ts'
import type { NodeReport } from './report.ts'
import { isToken, readToken } from './token.ts'

/** HAProxy asks every two seconds for each server that it has. */
const maxConnections = 256

/** Whoever has not asked by then, or has not taken the answer, is cut off. */
const patienceMs = 2_000

/** A token and the name of a node. */
const maxAskedLength = 1_024

export type AgentCheckOptions = {
  readonly addr: string
  /** 0: any free port. */
  readonly port: number
  /** Those who ask must send its token before the name of the node. */
  readonly tokenFile?: string
  readonly nodes: () => readonly NodeReport[]
  readonly log: (line: string) => void
}

/**
 * Answers HAProxy's agent checks: a connection, a line that names the node (`agent-send "ID\\n"`),
 * and one line of words back. An agent of one node, without a token, answers without being asked.
 * @see https://docs.haproxy.org/dev/configuration.html#5.2-agent-check
 */
export class AgentCheck {
  readonly #options: AgentCheckOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Questions answered with a line about a node. */
  answered = 0

  constructor(options: AgentCheckOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
    this.#server.maxConnections = maxConnections
  }

  /** @throws Error as `listen` of node:net does. */
  async listen(): Promise<{ readonly address: string }> {
    const { addr, port, log } = this.#options
    this.#server.listen(port, addr)
    await once(this.#server, 'listening')
    this.#server.on('error', (error) => log(`agent checks: ${error.message}`))
    const bound = this.#server.address() as AddressInfo
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return { address: `${host}:${bound.port}` }
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const timer = setTimeout(() => socket.destroy(), patienceMs)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
    // Who asks may go away at any time; `close` follows.
    socket.on('error', () => socket.destroy())
    let asked: string | null = ''
    const answer = (line: string): void => {
      asked = null
      this.#answer(socket, line).catch((error: unknown) => {
        this.#options.log(`agent checks: ${error instanceof Error ? error.message : String(error)}`)
        socket.destroy()
      })
    }
    const only = this.#options.tokenFile === undefined && this.#options.nodes().length === 1
    // What comes after the line is read and dropped: bytes left unread would take the answer along.
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (asked === null) return
      asked += text
      const end = asked.indexOf('\n')
      if (end >= 0) answer(asked.slice(0, end))
      else if (asked.length > maxAskedLength) socket.destroy()
    })
    socket.once('end', () => {
      if (asked === null) return
      if (asked === '') socket.destroy()
      else answer(asked)
    })
    if (only) answer('')
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const { tokenFile, nodes } = this.#options
    const words = line.split(/\s+/).filter((word) => word !== '')
    if (tokenFile !== undefined && !isToken(words.shift() ?? '', await readToken(tokenFile))) {
      socket.destroy()
      return
    }
    const known = nodes()
    const [id] = words
    const node = known.find((each) =>
      id === undefined ? known.length === 1 : each.id === id || each.name === id,
    )
    if (node === undefined) {
      // No word of the protocol: HAProxy leaves the server as it is, and shows that the check failed.
      socket.end(`error #${id === undefined ? 'name a node with agent-send' : 'no such node'}\n`)
      return
    }
    this.answered += 1
    socket.end(`${checkLine(node)}\n`)
  }
}

/**
 * What HAProxy is told of a node: its weight as a share of the configured one, 100 % idle and never
 * below 1 %, which would be no more calls at all. Without the word `weight:`, which HAProxy 2.6
 * passes over. Of a node that cannot be read only that it is there: what is unknown changes no
 * weight.
 */
export function checkLine(node: Pick<NodeReport, 'gone' | 'x'>): string {
  if (node.gone === true) return 'down #its process has ended'
  const utilization = utilizationOf(node.x)
  if (utilization === undefined) return 'up ready'
  return `up ready ${Math.max(1, Math.round(100 * (1 - utilization)))}%`
}
