import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** An EndpointSlice of the service `geth` with one ready pod at each address. */
export function sliceOf(name: string, addresses: readonly string[], but: object = {}): object {
  return {
    metadata: { name, resourceVersion: '5', labels: { 'kubernetes.io/service-name': 'geth' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'machine-1',
      targetRef: { kind: 'Pod', name: `geth-${address.split('.').at(-1)}`, uid: `uid-${address}` },
    })),
    ports: [{ name: 'rpc', port: 8545, protocol: 'TCP' }],
    ...but,
  }
}

/**
 * List and watch of EndpointSlices as the Kubernetes API documents them, for what a real API server
 * cannot be made to do at will: forget versions, cut lines, fall silent. The real one is asked in
 * `npm run test:k8s`.
 */
export class StubApiServer {
  slices: readonly object[] = []
  version = 10
  /** Slices on a page of a list. */
  pageSize = 1_000
  readonly lists: URL[] = []
  readonly watches: URL[] = []
  readonly tokens = new Set<string | undefined>()
  /** In place of an answer to a list, or to a watch. */
  listAnswer: ((response: ServerResponse) => void) | null = null
  watchAnswer: ((response: ServerResponse) => void) | null = null
  readonly #open = new Set<ServerResponse>()
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly server = createServer((request, response) => this.#take(request, response))

  get url(): URL {
    const { port } = this.server.address() as AddressInfo
    return new URL(`http://127.0.0.1:${port}`)
  }

  get openWatches(): number {
    return this.#open.size
  }

  /** The next list or watch that comes in. */
  async asked(what: 'list' | 'watch'): Promise<void> {
    await once(this.#events, what, { signal: AbortSignal.timeout(20_000) })
  }

  /** Tells whoever watches. */
  tell(type: string, object: object): void {
    this.write(`${JSON.stringify({ type, object })}\n`)
  }

  write(text: string): void {
    for (const response of this.#open) response.write(text)
  }

  /** Ends every watch, as one whose time is over. */
  endWatches(): void {
    for (const response of this.#open) response.end()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const question = new URL(request.url ?? '', 'http://api')
    this.tokens.add(request.headers.authorization)
    const isWatch = question.searchParams.get('watch') === '1'
    if (isWatch) this.watches.push(question)
    else this.lists.push(question)
    if (isWatch) this.#watch(response)
    else this.#list(question, response)
    this.#events.emit(isWatch ? 'watch' : 'list')
  }

  #list({ searchParams }: URL, response: ServerResponse): void {
    if (this.listAnswer !== null) {
      this.listAnswer(response)
      return
    }
    const from = Number(searchParams.get('continue') ?? 0)
    const to = from + this.pageSize
    const next = to < this.slices.length ? { continue: String(to) } : {}
    const metadata = { resourceVersion: String(this.version), ...next }
    response.end(JSON.stringify({ metadata, items: this.slices.slice(from, to) }))
  }

  #watch(response: ServerResponse): void {
    if (this.watchAnswer !== null) {
      this.watchAnswer(response)
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
  }
}

/** One on a free port, ended with the test. */
export async function stubApiServer(
  t: TestContext,
  ...slices: readonly object[]
): Promise<StubApiServer> {
  const api = new StubApiServer()
  api.slices = slices
  api.server.listen(0, '127.0.0.1')
  await once(api.server, 'listening')
  t.after(() => {
    api.server.closeAllConnections()
    api.server.close()
  })
  return api
}
