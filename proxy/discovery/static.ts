import type { NodeSpec } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'

/** The nodes that the configuration itself names; read anew when an operator asks for it. */
export class StaticProvider implements Provider {
  readonly name = 'static'
  readonly #read: () => readonly NodeSpec[]
  readonly #first: readonly NodeSpec[]
  #sink: ProviderSink | null = null

  /**
   * @param first the nodes of the configuration that the proxy began with
   * @param read reads the configuration again; what it throws leaves the nodes as they are
   */
  constructor(first: readonly NodeSpec[], read: () => readonly NodeSpec[]) {
    this.#first = first
    this.#read = read
  }

  start(sink: ProviderSink): void {
    this.#sink = sink
    sink.found(this.#first)
  }

  reload(): void {
    try {
      this.#sink?.found(this.#read())
    } catch (error) {
      this.#sink?.failed(error)
    }
  }

  async close(): Promise<void> {
    this.#sink = null
  }
}
