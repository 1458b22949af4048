import { EventEmitter, once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/**
 * The two routes of the Docker API that discovery asks, over real HTTP, as a socket proxy lets them
 * through: any other is refused, and every request is taken down.
 */
export class StubDocker {
  /** What the list shows: name → labels without prefix. */
  readonly containers = new Map<string, Record<string, string>>()
  readonly requests: string[] = []
  /** In place of a list. */
  answer: ((response: ServerResponse) => void) | null = null
  /** False to refuse streams of events. */
  tellsEvents = true
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #streams = new Set<ServerResponse>()
  readonly server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://docker')
    this.requests.push(`${request.method} ${pathname}`)
    if (request.method === 'GET' && pathname === '/containers/json') this.#list(response)
    else if (request.method === 'GET' && pathname === '/events') this.#stream(response)
    else response.writeHead(403).end('{"message":"forbidden"}')
    this.#events.emit(pathname)
  })

  get streams(): number {
    return this.#streams.size
  }

  get endpoint(): string {
    const { port } = this.server.address() as AddressInfo
    return `tcp://127.0.0.1:${port}`
  }

  /** The next request for this path. */
  async asked(path: '/events' | '/containers/json'): Promise<void> {
    await once(this.#events, path, { signal: AbortSignal.timeout(20_000) })
  }

  /** Tells of an event, whatever it is. */
  tell(status: string): void {
    for (const stream of this.#streams) {
      stream.write(`${JSON.stringify({ Type: 'container', Action: status, status })}\n`)
    }
  }

  /** Ends every stream of events, as a socket proxy does with idle ones. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy()
  }

  #list(response: ServerResponse): void {
    if (this.answer !== null) {
      this.answer(response)
      return
    }
    const list = [...this.containers].map(([name, labels], i) => ({
      Id: String(i).padStart(64, '0'),
      Names: [`/${name}`],
      Labels: Object.fromEntries(
        Object.entries({ enable: 'true', ...labels }).map(([key, value]) => [
          `equipoise.${key}`,
          value,
        ]),
      ),
      State: 'running',
      Status: 'Up',
      NetworkSettings: { Networks: { bridge: { IPAddress: '127.0.0.1' } } },
    }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list))
  }

  #stream(response: ServerResponse): void {
    if (!this.tellsEvents) {
      response.writeHead(403).end('{"message":"forbidden"}')
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    this.#streams.add(response)
    response.once('close', () => {
      this.#streams.delete(response)
      this.#events.emit('gone')
    })
  }

  /** Waits until nobody listens to events any more. */
  async unheard(): Promise<void> {
    while (this.streams > 0) {
      await once(this.#events, 'gone', { signal: AbortSignal.timeout(20_000) })
    }
  }
}

/** A daemon on a free port, ended with the test. */
export async function stubDocker(
  t: TestContext,
  containers: Record<string, Record<string, string>> = {},
): Promise<StubDocker> {
  const docker = new StubDocker()
  for (const [name, labels] of Object.entries(containers)) docker.containers.set(name, labels)
  docker.server.listen(0, '127.0.0.1')
  await once(docker.server, 'listening')
  t.after(async () => {
    docker.server.closeAllConnections()
    docker.server.close()
  })
  return docker
}
