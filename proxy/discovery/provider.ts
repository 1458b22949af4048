import type { NodeSpec } from './node-spec.ts'

/** What a provider tells: all the nodes that there are now, or why it cannot say. */
export type ProviderSink = {
  /**
   * All nodes that the provider knows of now, in an order that does not change by itself.
   * @param problems what it had to leave out, in words
   */
  found(nodes: readonly NodeSpec[], problems?: readonly string[]): void
  /** It cannot say. What it said last stands. */
  failed(error: unknown): void
}

/**
 * A source of nodes. It tells its sink of the whole set whenever that may have changed, and of every
 * failure; it goes on trying by itself, and never throws.
 */
export interface Provider {
  /** Stands in logs and metrics, such as `docker`, or `dns tasks.geth`. */
  readonly name: string
  /** Begins. The first word to the sink follows, sooner or later. */
  start(sink: ProviderSink): void
  /** Looks again now: an operator asked for it. */
  reload(): void
  /** Ends whatever it holds open. The sink hears nothing afterwards. */
  close(): Promise<void>
}
