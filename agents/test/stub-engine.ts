import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** One container as the Docker Engine's API shows it, as far as an agent looks. */
export type StubContainer = {
  id: string
  name: string
  labels: Record<string, string>
  /** 0 while it does not run. */
  pid: number
  nanoCpus?: number
  memory?: number
}

/**
 * A server on a socket that speaks the part of the Docker Engine's API that an agent uses, so that a
 * test can cut, delay and falsify what a real engine does not.
 */
export class StubEngine {
  readonly socketPath: string
  readonly containers: StubContainer[] = []
  /** What was asked, as `GET /containers/json`. */
  readonly asked: string[] = []
  /** Answers every request with this status while it is above 0, and never while it is below. */
  failure = 0
  readonly #folder = mkdtempSync(join(tmpdir(), 'equipoise-engine-'))
  readonly #events = new Set<ServerResponse>()
  readonly #stats = new Set<ServerResponse>()
  readonly #server = createServer((request, response) => this.#answer(request, response))

  private constructor() {
    this.socketPath = join(this.#folder, 'engine.sock')
  }

  /** Closed with the test. */
  static async start(t: TestContext): Promise<StubEngine> {
    const engine = new StubEngine()
    engine.#server.listen(engine.socketPath)
    await once(engine.#server, 'listening')
    t.after(async () => {
      engine.#server.closeAllConnections()
      engine.#server.close()
      await once(engine.#server, 'close')
      rmSync(engine.#folder, { recursive: true })
    })
    return engine
  }

  get isFollowed(): boolean {
    return this.#events.size > 0
  }

  get readersOfStats(): number {
    return this.#stats.size
  }

  /** Says that something befell a container, whatever is in the list. */
  tell(action: string, { id, name, labels }: StubContainer): void {
    const event = {
      Type: 'container',
      Action: action,
      Actor: { ID: id, Attributes: { ...labels, name, image: 'stub' } },
      timeNano: Date.now() * 1e6,
    }
    this.say(`${JSON.stringify(event)}\n`)
  }

  /** Writes into every stream of events. */
  say(text: string): void {
    for (const response of this.#events) response.write(text)
  }

  /** Writes into every stream of statistics. */
  sayStats(stats: unknown): void {
    for (const response of this.#stats) response.write(`${JSON.stringify(stats)}\n`)
  }

  /** Cuts every stream of events. */
  cut(): void {
    for (const response of this.#events) response.destroy()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0] ?? ''
    this.asked.push(`${request.method} ${path}`)
    if (this.failure < 0) return
    const [, id = '', what] = /^\/containers\/([0-9a-f]+)\/(json|stats)$/.exec(path) ?? []
    const container = this.containers.find((each) => each.id === id)
    if (this.failure > 0) json(response, this.failure, { message: 'no' })
    else if (path === '/events') this.#stream(response, this.#events)
    else if (path === '/containers/json') json(response, 200, this.containers.map(listed))
    else if (container === undefined) json(response, 404, { message: 'no such container' })
    else if (what === 'stats') this.#stream(response, this.#stats)
    else json(response, 200, inspected(container))
  }

  #stream(response: ServerResponse, streams: Set<ServerResponse>): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    streams.add(response)
    response.once('close', () => streams.delete(response))
  }
}

function listed({ id, name, labels }: StubContainer) {
  return { Id: id, Names: [`/other/alias`, `/${name}`], Labels: labels }
}

function inspected({ id, name, labels, pid, nanoCpus = 0, memory = 0 }: StubContainer) {
  return {
    Id: id,
    Name: `/${name}`,
    State: { Pid: pid, Running: pid > 0 },
    Config: { Labels: labels, Env: ['SECRET=1'] },
    HostConfig: { NanoCpus: nanoCpus, Memory: memory, CpuQuota: 0, CpuPeriod: 0 },
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
