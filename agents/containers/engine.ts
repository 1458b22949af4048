import type { Container } from './container.ts'

/** What a container engine tells of the containers of its host. */
export type Engine = {
  /** Every container, running or not, without the first process of each. */
  list(signal: AbortSignal): Promise<readonly ListedContainer[]>
  /** One container as it is now; undefined when there is none. */
  inspect(id: string, signal: AbortSignal): Promise<Container | undefined>
  /**
   * What befalls containers from `sinceMs` (wall clock, ms since 1970) on, until the engine ends the
   * stream or the signal is raised.
   */
  events(sinceMs: number, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>>
  /** Usage of one container, once a second, as the engine's own JSON. */
  stats(id: string, signal: AbortSignal): Promise<AsyncIterable<unknown>>
}

export type ListedContainer = Pick<Container, 'id' | 'name' | 'labels'>

/** Something happened to the container that bears these; when, in ms since 1970. */
export type ContainerEvent = ListedContainer & { readonly atMs: number }

/** A container engine that gave an answer that cannot be read. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
}
