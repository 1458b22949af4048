import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** One instance of a service whose checks pass. */
export type Instance = {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly meta?: Record<string, string>
}

/**
 * A small server that speaks the published protocol of Consul's health endpoint with blocking
 * queries: a question that bears the current index is held until something changes or its wait is
 * over. It is no Consul.
 */
export class StubConsul {
  readonly questions: URL[] = []
  readonly tokens = new Set<string | undefined>()
  index = 7
  /** In place of an answer. */
  answer: ((response: ServerResponse) => void) | null = null
  #instances: readonly Instance[] = []
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly server = createServer((request, response) => this.#take(request, response))

  get url(): URL {
    const { port } = this.server.address() as AddressInfo
    return new URL(`http://127.0.0.1:${port}`)
  }

  /** From now on these pass their checks; whoever waits is told. */
  serve(...instances: readonly Instance[]): void {
    this.#instances = instances
    this.index += 1
    this.#events.emit('change')
  }

  /** As after the loss of its state: the index begins low again. */
  forget(): void {
    this.index = 1
    this.#events.emit('change')
  }

  /** The next question that is held because nothing has changed. */
  async held(): Promise<void> {
    await once(this.#events, 'held', { signal: AbortSignal.timeout(20_000) })
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const question = new URL(request.url ?? '', 'http://consul')
    this.questions.push(question)
    this.tokens.add(request.headers.authorization)
    if (this.answer !== null) this.answer(response)
    else this.#answerIfNew(question, response)
  }

  #answerIfNew(question: URL, response: ServerResponse): void {
    const index = Number(question.searchParams.get('index') ?? 0)
    if (index !== this.index) {
      this.#answer(response)
      return
    }
    const waitMs = Number(/^(\d+)ms$/.exec(question.searchParams.get('wait') ?? '')?.[1] ?? 300_000)
    const end = (): void => {
      clearTimeout(timer)
      this.#events.off('change', end)
      if (!response.destroyed) this.#answer(response)
    }
    const timer = setTimeout(end, waitMs)
    this.#events.on('change', end)
    response.once('close', () => {
      clearTimeout(timer)
      this.#events.off('change', end)
    })
    this.#events.emit('held')
  }

  #answer(response: ServerResponse): void {
    const entries = this.#instances.map(({ id, address, port, meta = {} }) => ({
      Node: { ID: 'n', Node: 'machine', Address: '127.0.0.9', Datacenter: 'dc1', Meta: {} },
      Service: { ID: id, Service: 'geth', Tags: [], Address: address, Port: port, Meta: meta },
      Checks: [{ CheckID: 'rpc', Status: 'passing' }],
    }))
    response
      .writeHead(200, { 'content-type': 'application/json', 'x-consul-index': this.index })
      .end(JSON.stringify(entries))
  }
}

/** One on a free port, ended with the test. */
export async function stubConsul(
  t: TestContext,
  ...instances: readonly Instance[]
): Promise<StubConsul> {
  const consul = new StubConsul()
  consul.serve(...instances)
  consul.server.listen(0, '127.0.0.1')
  await once(consul.server, 'listening')
  t.after(() => {
    consul.server.closeAllConnections()
    consul.server.close()
  })
  return consul
}
