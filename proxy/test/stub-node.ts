import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** One call as it came in. `id` is the proxy's. */
export type StubCall = {
  readonly id: unknown
  readonly method: string
  readonly params: unknown
  /** The raw body that it stood in. */
  readonly body: string
  /** Its place in a batch, or null when it came alone. */
  readonly at: number | null
}

/**
 * What a node does with a call: answer it, or do what no node should. `whole` is the body in place
 * of an answer, `cut` ends the connection within one, `drop` before one, `hold` never answers.
 */
export type StubAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly whole: string; readonly status?: number }
  | 'cut'
  | 'drop'
  | 'hold'

export type StubScript = (call: StubCall) => StubAnswer | Promise<StubAnswer>

/**
 * A node that does what a test says: real HTTP on a free port of loopback. Without a script it has a
 * chain and a head, and answers all else with its own name and what it was asked.
 */
export class StubNode {
  readonly name: string
  /** Every call but those of the health checks, in order. */
  readonly calls: StubCall[] = []
  /** Paths that were asked for. */
  readonly paths = new Set<string>()
  /** What requests showed to be let in. */
  readonly authorizations = new Set<string | undefined>()
  /** By method. A method without one is answered as by any node. */
  readonly scripts = new Map<string, StubScript>()
  chainId = '0x7a69'
  clientVersion = 'Geth/v1.17.5-stable/linux-amd64/go1.26.8'
  head = 16
  /** Headers of every answer that it gives in order. */
  headers: Readonly<Record<string, string>> = {}
  readonly #server: Server
  readonly #events = new EventEmitter().setMaxListeners(0)
  #port = 0

  constructor(name: string) {
    this.name = name
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy())
    })
    this.#server.keepAliveTimeout = 60_000
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, on the port that it had where it had one. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Ends like a process that was killed: every connection is cut, new ones are refused. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** What it does with calls of a method from now on. */
  on(method: string, script: StubScript): void {
    this.scripts.set(method, script)
  }

  /** Answers as any node again, and knows of no call. */
  reset(): void {
    this.scripts.clear()
    this.calls.length = 0
  }

  /** The next call of a method that comes in. */
  async arrival(method: string): Promise<StubCall> {
    const [call]: StubCall[] = await once(this.#events, method, soon())
    if (call === undefined) throw new Error('an arrival without a call')
    return call
  }

  /** Resolves when the next connection with a call on it that is held has ended. */
  async hangUp(): Promise<void> {
    await once(this.#events, 'hang-up', soon())
  }

  /** Methods called so far. */
  get methods(): readonly string[] {
    return this.calls.map(({ method }) => method)
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.paths.add(request.url ?? '')
    this.authorizations.add(request.headers.authorization)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const parsed: unknown = JSON.parse(body)
    const isBatch = Array.isArray(parsed)
    const calls = (isBatch ? parsed : [parsed]).map((value, at): StubCall => {
      const { id, method, params } = value as { id: unknown; method: string; params: unknown }
      return { id, method, params, body, at: isBatch ? at : null }
    })
    const answers: [StubCall, StubAnswer][] = []
    for (const call of calls) {
      if (!isProbe(call)) this.calls.push(call)
      const script = this.scripts.get(call.method)
      const answer = script === undefined ? this.#plain(call) : script(call)
      this.#events.emit(call.method, call)
      answers.push([call, await answer])
    }
    this.#send(response, answers, isBatch)
  }

  #plain({ method, params }: StubCall): StubAnswer {
    if (method === 'eth_chainId') return { result: this.chainId }
    if (method === 'web3_clientVersion') return { result: this.clientVersion }
    if (method === 'eth_blockNumber') return { result: `0x${this.head.toString(16)}` }
    return { result: { node: this.name, method, params: params ?? null } }
  }

  #send(response: ServerResponse, answers: readonly [StubCall, StubAnswer][], isBatch: boolean) {
    const members: string[] = []
    for (const [{ id }, answer] of answers) {
      if (answer === 'hold') {
        response.once('close', () => this.#events.emit('hang-up'))
        return
      }
      if (answer === 'drop') {
        response.socket?.destroy()
        return
      }
      if (answer === 'cut') {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":"0x`)
        response.socket?.end()
        return
      }
      if ('whole' in answer) {
        response.writeHead(answer.status ?? 200, { 'content-type': 'text/html' })
        response.end(answer.whole)
        return
      }
      members.push(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    }
    response.writeHead(200, { 'content-type': 'application/json', ...this.headers })
    response.end(isBatch ? `[${members.join()}]` : members[0])
  }
}

/** A bound, so that a test fails instead of hanging. */
function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(20_000) }
}

const probes = new Set(['eth_chainId', 'eth_blockNumber', 'web3_clientVersion'])
const probedBlocks = new Set(['0x0', 'latest', 'safe', 'finalized'])

/** The proxy's own questions have these params; clients of our tests do not ask so. */
function isProbe({ method, params }: StubCall): boolean {
  if (!Array.isArray(params)) return false
  if (method === 'eth_getBlockByNumber') return probedBlocks.has(params[0]) && params[1] === false
  return probes.has(method) && params.length === 0
}

/** Nodes of these names that listen, and stop when the test ends. */
export async function stubNodes<Names extends readonly string[]>(
  t: TestContext,
  ...names: Names
): Promise<{ [index in keyof Names]: StubNode }> {
  const nodes = names.map((name) => new StubNode(name))
  t.after(() => Promise.all(nodes.map((node) => node.stop())))
  await Promise.all(nodes.map((node) => node.start()))
  return nodes as { [index in keyof Names]: StubNode }
}
