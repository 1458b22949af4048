import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { NodeReport, Report } from '../../../agents/report.ts'

/** An agent that says what a test tells it to: real HTTP on a free port of loopback. */
export class StubAgent {
  readonly #server = createServer((request, response) => this.#take(request, response))
  readonly #requests: IncomingMessage[] = []
  #stream: ServerResponse | null = null
  /** Status that it answers with. */
  status = 200

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`)
  }

  /** Streams asked for so far. */
  get dials(): number {
    return this.#requests.length
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** The next request for a stream. */
  async dialled(): Promise<IncomingMessage> {
    const [request]: IncomingMessage[] = await once(this.#server, 'request')
    if (request === undefined) throw new Error('a dial without a request')
    return request
  }

  say(text: string): void {
    if (this.#stream === null) throw new Error('nobody listens')
    this.#stream.write(text)
  }

  report(seq: number, nodes: readonly NodeReport[], but: Partial<Report> = {}): void {
    const report = { v: 1, host: 'stub', seq, t: 0, interval: 250, nodes, ...but }
    this.say(`${JSON.stringify(report)}\n`)
  }

  /** Ends the stream in order. */
  end(): void {
    this.#stream?.end()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    this.#requests.push(request)
    response.writeHead(this.status, { 'content-type': 'application/x-ndjson' })
    if (this.status !== 200) response.end()
    else {
      response.flushHeaders()
      this.#stream = response
    }
  }
}

/** One that listens, and stops when the test ends. */
export async function stubAgent(t: TestContext): Promise<StubAgent> {
  const agent = new StubAgent()
  await agent.start()
  t.after(() => agent.stop())
  return agent
}
