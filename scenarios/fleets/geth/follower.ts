import { setTimeout as pause } from 'node:timers/promises'
import type { Engine, Head, Payload } from './engine.ts'
import type { RecentChain } from './recent-chain.ts'

export type FollowerOptions = {
  readonly id: string
  readonly engine: Engine
  readonly chain: RecentChain
  /** It does not follow (null: it does again); told once each time. */
  readonly onLate: (follower: Follower, why: Error | null) => void
}

const retryMs = 100

/** A node refuses a block that another one has built: they are not on one chain. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

/** Brings one node to the head of the chain, again and again, for as long as it is there. */
export class Follower {
  readonly id: string
  readonly engine: Engine
  readonly #options: FollowerOptions
  readonly #closing = new AbortController()
  #reached = ''
  #reachedNumber = 0
  #isHeld = false
  #behind = 0
  #isLate = false
  #following: Promise<void> | null = null

  constructor(options: FollowerOptions) {
    this.id = options.id
    this.engine = options.engine
    this.#options = options
  }

  /** Whether it has been given all blocks it is to have, as far as is known, and gets the next. */
  get isGivenBlocks(): boolean {
    return !this.#isHeld && !this.#isLate && !this.#closing.signal.aborted
  }

  /** Whether it has the head, as far as is known, and is not kept from following. */
  get isInStep(): boolean {
    return this.isGivenBlocks && this.#behind === 0
  }

  /** Whether that block is the last it was brought to. */
  has(hash: string): boolean {
    return this.#reached === hash
  }

  /** Keeps it where it is: its consensus client has gone quiet. */
  hold(): void {
    this.#isHeld = true
  }

  /**
   * Lets it follow again, `behind` blocks behind the head; it never goes back for that. Resolves when
   * it has that block.
   */
  async release(behind = 0): Promise<void> {
    this.#isHeld = false
    this.#behind = behind
    await this.follow()
  }

  /** Resolves when it has the block it is to have, at once if it is held, and when it is closed. */
  follow(): Promise<void> {
    this.#following ??= this.#follow()
    return this.#following
  }

  /** What it has been given is not certain any more; the next {@link follow} looks again. */
  doubt(why: Error): void {
    this.#reached = ''
    this.#tell(why)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.engine.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    for (
      let head = this.#next();
      head !== null && !(this.#isHeld || signal.aborted);
      head = this.#next()
    ) {
      try {
        await this.#bringTo(head)
        this.#reached = head.hash
        this.#reachedNumber = head.number
        if (this.#isLate) this.#tell(null)
      } catch (error) {
        if (signal.aborted) break
        this.#tell(error instanceof Error ? error : new Error(String(error)))
        if (error instanceof Disagreement) break
        await pause(retryMs, undefined, { signal }).catch(() => {}) // Cut short by the closing.
      }
    }
    this.#following = null
  }

  /** The block it is to have and has not; null when it has it. */
  #next(): Head | null {
    const { chain } = this.#options
    const behind = this.#behind
    const head = behind === 0 ? chain.head : chain.at(chain.head.number - behind)
    if (head === undefined || head.hash === this.#reached) return null
    return behind > 0 && head.number <= this.#reachedNumber ? null : head
  }

  async #bringTo(head: Head): Promise<void> {
    const { chain } = this.#options
    const missing: Payload[] = []
    for (
      let next = chain.payload(head.hash);
      next !== undefined && !(await this.#takes(next));
      next = chain.payload(next.parentHash)
    ) {
      missing.push(next)
    }
    for (const payload of missing.reverse()) await this.#takes(payload)
    const status = await this.engine.setHead(chain.forkchoice(head))
    // Its peers have what is missing; it has now been told to ask them.
    if (status !== 'VALID') throw new Error(`it is ${status.toLowerCase()}`)
  }

  /** @returns false when it lacks the block's parent */
  async #takes(payload: Payload): Promise<boolean> {
    const status = await this.engine.deliver(payload)
    if (status === 'INVALID') {
      throw new Disagreement(`${this.id} refuses block ${payload.number}, ${payload.hash}`)
    }
    return status === 'VALID'
  }

  #tell(why: Error | null): void {
    if (this.#isLate === (why !== null) || this.#closing.signal.aborted) return
    this.#isLate = why !== null
    this.#options.onLate(this, why)
  }
}
