import { EventEmitter, once } from 'node:events'
import type { TestContext } from 'node:test'
import type { NodeSpec } from '../node-spec.ts'
import type { Provider, ProviderSink } from '../provider.ts'

/** What a provider said. */
export type Word =
  | { readonly nodes: readonly NodeSpec[]; readonly problems: readonly string[] }
  | { readonly failure: string }

/** Takes down what a provider says, for a test to wait for. */
export class Told implements ProviderSink {
  readonly words: Word[] = []
  /** The nodes that it named last. */
  nodes: readonly NodeSpec[] = []
  readonly #events = new EventEmitter().setMaxListeners(0)

  found(nodes: readonly NodeSpec[], problems: readonly string[] = []): void {
    this.nodes = nodes
    this.#take({ nodes, problems })
  }

  failed(error: unknown): void {
    this.#take({ failure: error instanceof Error ? error.message : String(error) })
  }

  /** Waits for a word like this; it and those before it are forgotten. */
  async until(isWanted: (word: Word) => boolean): Promise<Word> {
    const signal = AbortSignal.timeout(20_000)
    for (let at = 0; ; at += 1) {
      while (at >= this.words.length) await once(this.#events, 'word', { signal })
      const word = this.words[at]
      if (word === undefined || !isWanted(word)) continue
      this.words.splice(0, at + 1)
      return word
    }
  }

  /** Waits until it names just these, in its order. */
  async ids(...ids: readonly string[]): Promise<readonly NodeSpec[]> {
    const word = await this.until(
      (word) => 'nodes' in word && word.nodes.map(({ id }) => id).join() === ids.join(),
    )
    return 'nodes' in word ? word.nodes : []
  }

  async failure(like: RegExp): Promise<string> {
    const word = await this.until((word) => 'failure' in word && like.test(word.failure))
    return 'failure' in word ? word.failure : ''
  }

  #take(word: Word): void {
    this.words.push(word)
    this.#events.emit('word')
  }
}

/** The provider, started, and closed when the test ends. */
export function listeningTo(t: TestContext, provider: Provider): Told {
  const told = new Told()
  t.after(() => provider.close())
  provider.start(told)
  return told
}
