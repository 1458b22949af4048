import type { Block } from '../upstream/block.ts'
import { type Criteria, matches } from './criteria.ts'
import type { Ear, Told } from './ear.ts'
import type { Listener } from './feed.ts'

/** Hears the headers of the chain that is served. */
export class HeadEar implements Ear {
  readonly needs = 'header'
  readonly #listener: Listener

  constructor(listener: Listener) {
    this.#listener = listener
  }

  added({ header }: Told): void {
    this.#listener.next(header)
  }

  /** Blocks that are gone are not told of; a lower head in their place is. */
  removed(_told: readonly Told[], _ancestor: Block, head: Told | null): void {
    if (head !== null) this.#listener.next(head.header)
  }

  lost(): void {
    this.#listener.lost()
  }
}

/** Hears the logs of the chain that is served, and those that it lost. */
export class LogEar implements Ear {
  readonly needs = 'logs'
  readonly #criteria: Criteria
  readonly #listener: Listener

  constructor(criteria: Criteria, listener: Listener) {
    this.#criteria = criteria
    this.#listener = listener
  }

  added({ block, logs }: Told): void {
    for (const log of logs) {
      if (matches(this.#criteria, log, block.number)) this.#listener.next(log.bytes)
    }
  }

  removed(told: readonly Told[]): void {
    for (const each of told) this.added(each)
  }

  lost(): void {
    this.#listener.lost()
  }
}
