import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocketServer } from 'ws'
import { type Round, type Vector, withId } from './vectors.ts'

/** What health checks ask, of the chain that the vectors were recorded on. */
const probes: readonly Round[] = [
  probe('eth_chainId', '0xc72dd9d5e883e'),
  probe('eth_blockNumber', '0x36'),
  probe('web3_clientVersion', 'Geth/v1.17.5-stable/linux-amd64/go1.26.8'),
]

const opening = /\{"jsonrpc":"2\.0","id":(\d+),"method":"(\w+)"/y

/** What the proxy asks of a node's head, and of the blocks below it, for its own sake. */
const looking =
  /^\{"jsonrpc":"2\.0","id":\d+,"method":"eth_(getBlockBy(Number|Hash)","params":\["\w+",(true|false)\]|subscribe","params":\["newHeads"\])\}$/

/**
 * A node that knows the vectors and nothing else: a call whose method and params are a vector's to
 * the byte is answered with the bytes recorded. It speaks HTTP and WebSocket on one free port.
 */
export class VectorNode {
  readonly name: string
  /** Bodies that hold anything else, as they came. */
  readonly unknown: string[] = []
  /** Calls answered, those of health checks included. */
  calls = 0
  readonly #rounds = new Map<string, Round[]>()
  readonly #server: Server
  readonly #webSockets: WebSocketServer

  constructor(name: string, vectors: readonly Vector[]) {
    this.name = name
    for (const round of [...vectors.flatMap(({ rounds }) => rounds), ...probes]) this.#learn(round)
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#webSockets = new WebSocketServer({ server: this.#server })
    this.#webSockets.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => socket.send(this.answer(data.toString())))
    })
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    for (const socket of this.#webSockets.clients) socket.terminate()
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** The answer to a request, or to a batch of them: members apart by commas, and no white space. */
  answer(body: string): string {
    if (!body.startsWith('['))
      return this.#answerAt(body, 0, body.length)?.answer ?? this.#puzzled(body)
    const answers: string[] = []
    for (let at = 0; body[at] !== ']' || at === 0; ) {
      const read = this.#answerAt(body, at + 1, body.length - 1)
      if (read === null) return this.#puzzled(body)
      answers.push(read.answer)
      at = read.end
      if (body[at] !== ',' && body[at] !== ']') return this.#puzzled(body)
    }
    return `[${answers.join()}]`
  }

  #answerAt(body: string, at: number, end: number): { answer: string; end: number } | null {
    opening.lastIndex = at
    const [whole = '', id = '', method = ''] = opening.exec(body) ?? []
    const from = at + whole.length
    const round = this.#rounds.get(method)?.find(({ rest }) => body.startsWith(rest, from))
    if (round === undefined || from + round.rest.length > end) return null
    this.calls += 1
    return { answer: withId(round.answer, Number(id)), end: from + round.rest.length }
  }

  #puzzled(body: string): string {
    if (!looking.test(body)) this.unknown.push(body)
    return '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no vector"}}'
  }

  /** @throws Error when two vectors answer one call differently, so that no node could know */
  #learn(round: Round): void {
    const known = this.#rounds.get(round.method) ?? []
    this.#rounds.set(round.method, known)
    const same = known.find(({ rest }) => rest === round.rest)
    if (same === undefined) known.push(round)
    else if (same.answer !== round.answer) throw new Error(`two answers: ${round.request}`)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = this.answer(Buffer.concat(chunks).toString())
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(answer)
  }
}

/** As many nodes, listening, and stopped when the test ends. */
export async function vectorNodes(
  t: TestContext,
  vectors: readonly Vector[],
  count: number,
): Promise<readonly VectorNode[]> {
  const nodes = Array.from({ length: count }, (_, i) => new VectorNode(`node-${i}`, vectors))
  await Promise.all(nodes.map((node) => node.start()))
  t.after(() => Promise.all(nodes.map((node) => node.stop())))
  return nodes
}

function probe(method: string, result: string): Round {
  const rest = ',"params":[]}'
  return { method, rest, request: '', answer: `{"jsonrpc":"2.0","id":1,"result":"${result}"}` }
}
