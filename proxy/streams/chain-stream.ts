import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Change } from '../consistency/chain.ts'
import type { Block } from '../upstream/block.ts'
import type { BlockReader } from './block-reader.ts'
import type { Ear } from './ear.ts'
import { KnownBlocks } from './known-blocks.ts'
import { Tale } from './tale.ts'

export type ChainStreamOptions = {
  /** Blocks that are walked to close a gap, at most. */
  readonly maxGapBlocks: number
  /** After so long without getting on, whoever listens is told that there is a gap. */
  readonly maxStallMs: number
}

export const chainStreamDefaults: ChainStreamOptions = { maxGapBlocks: 1_024, maxStallMs: 15_000 }

/** Heads on their way; beyond, only the last counts: the walk finds the blocks between. */
const maxTargets = 256

const retryMs = 100

type Target = { readonly block: Block; readonly turn: number }
type Joining = { readonly ear: Ear; readonly from: Block }

/**
 * The chain that the fleet serves as one Geth would tell of it, to any number of ears. Blocks between
 * two heads are walked by parent hash, and what ears want of a block is read by its hash from any
 * node that has it: neither the death of a node nor its silence leaves anything out or repeats it.
 */
export class ChainStream {
  readonly #reader: BlockReader
  readonly #blocks: KnownBlocks
  readonly #clock: Clock
  readonly #options: ChainStreamOptions
  /** Who listens, and the last change that it does not hear of: it came later. */
  readonly #ears = new Map<Ear, number>()
  #tale: Tale
  #targets: Target[] = []
  #joining: Joining[] = []
  #turn = 0
  /** The last change that was told whole, and what resolves at the next. */
  #reached = 0
  #step = Promise.withResolvers<void>()
  #running: Promise<void> | null = null
  #stalledAtMs: number | null = null
  #closed = false
  /** Gaps that could not be closed so far. */
  gaps = 0

  constructor(reader: BlockReader, clock: Clock, options = chainStreamDefaults) {
    this.#reader = reader
    this.#clock = clock
    this.#options = options
    this.#blocks = new KnownBlocks(2 * options.maxGapBlocks, (hash) => reader.find(hash))
    this.#tale = this.#taleFrom(null)
  }

  /** The block that was told last, or null before the first. */
  get head(): Block | null {
    return this.#tale.head
  }

  /** The block that was served last, told or not yet. */
  get served(): Block | null {
    return this.#targets.at(-1)?.block ?? this.head
  }

  get listeners(): number {
    return this.#ears.size
  }

  /** The chain that is served went on, or turned to another branch. */
  take(change: Change): void {
    if (this.#closed) return
    this.#turn += 1
    const { added } = change
    if (change.kind === 'reorg') for (const block of change.removed) this.#know(block)
    for (const block of added) this.#know(block)
    const block = added.at(-1) ?? (change.kind === 'reorg' ? change.ancestor : null)
    if (block === null) return
    this.#targets.push({ block, turn: this.#turn })
    if (this.#targets.length > maxTargets) this.#targets.splice(1, maxTargets - 1)
    this.#run()
  }

  /** From now on `ear` hears of every block that begins to be served. */
  listen(ear: Ear): void {
    this.#ears.set(ear, this.#turn)
  }

  /** `ear` hears of all that came behind `from`, and goes on from there. */
  join(ear: Ear, from: Block): void {
    this.#joining.push({ ear, from })
    this.#run()
  }

  forget(ear: Ear): void {
    this.#ears.delete(ear)
    this.#joining = this.#joining.filter((joining) => joining.ear !== ear)
  }

  /** Resolves when all that is served by now was told, or `maxMs` are over. */
  async caughtUp(maxMs: number): Promise<void> {
    if (this.#running === null) return
    const over = new AbortController()
    const late = pause(maxMs, undefined, { ref: false, signal: over.signal }).catch(() => {})
    const turn = this.#turn
    const reached = async (): Promise<void> => {
      while (this.#running !== null && (this.#reached < turn || this.#joining.length > 0)) {
        await this.#step.promise
      }
    }
    await Promise.race([reached(), late])
    over.abort()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ears.clear()
    this.#joining = []
    await this.#running
  }

  #know(block: Block): void {
    this.#blocks.add(block, this.#turn)
  }

  #taleFrom(told: Block | null): Tale {
    return new Tale(this.#reader, this.#blocks, this.#options.maxGapBlocks, told)
  }

  #run(): void {
    this.#running ??= this.#follow().finally(() => {
      this.#running = null
      this.#stepTo(this.#reached)
      // What came in the very moment in which it ended.
      if (!this.#closed && this.#hasWork) this.#run()
    })
  }

  get #hasWork(): boolean {
    return this.#targets.length > 0 || (this.#joining.length > 0 && this.head !== null)
  }

  #stepTo(turn: number): void {
    this.#reached = turn
    this.#step.resolve()
    this.#step = Promise.withResolvers<void>()
  }

  async #follow(): Promise<void> {
    while (!this.#closed && this.#hasWork) {
      const [joining] = this.head === null ? [] : this.#joining
      const [target] = this.#targets
      if (joining !== undefined) await this.#catchUp(joining)
      else if (target !== undefined) await this.#reach(target)
    }
  }

  async #reach(target: Target): Promise<void> {
    const before = this.head
    const { block, turn } = target
    const isReached = await this.#tale.goTo(block, turn, (since) => this.#earsOf(since))
    if (isReached || this.head !== before) this.#stalledAtMs = null
    if (!isReached && (await this.#mayRetry())) return
    if (!isReached && !this.#closed) this.#tear(target)
    this.#targets = this.#targets.filter((other) => other.turn > turn)
    this.#stepTo(turn)
  }

  /** False once it has not got on for too long. What is no more the head need not be reached. */
  async #mayRetry(): Promise<boolean> {
    this.#stalledAtMs ??= this.#clock.nowMs()
    if (this.#closed) return false
    if (this.#clock.nowMs() - this.#stalledAtMs > this.#options.maxStallMs) return false
    if (this.#targets.length > 1) this.#targets.shift()
    await pause(retryMs)
    return true
  }

  /** A gap cannot be closed: nobody may take what follows for all there is. */
  #tear({ block }: Target): void {
    this.gaps += 1
    this.#stalledAtMs = null
    this.#tale = this.#taleFrom(block)
    const ears = [...this.#ears.keys()]
    this.#ears.clear()
    for (const ear of ears) ear.lost()
  }

  /** Tells one ear alone what leads from its block to the head. */
  async #catchUp(joining: Joining): Promise<void> {
    const { ear, from } = joining
    const startedMs = this.#clock.nowMs()
    const tale = this.#taleFrom(from)
    const { head } = this
    const isWaiting = (): boolean => this.#joining.includes(joining)
    const ears = (): readonly Ear[] => (isWaiting() ? [ear] : [])
    while (head !== null && isWaiting()) {
      const isToldAll = await tale.goTo(head, this.#turn, ears)
      if (!isWaiting()) break
      // It hears of all that follows, whenever that began to be served.
      if (isToldAll) this.#ears.set(ear, -1)
      else if (this.#clock.nowMs() - startedMs <= this.#options.maxStallMs) {
        await pause(retryMs)
        continue
      } else {
        this.gaps += 1
        ear.lost()
      }
      this.#joining = this.#joining.filter((other) => other !== joining)
    }
    this.#stepTo(this.#reached)
  }

  #earsOf(turn: number): readonly Ear[] {
    const ears: Ear[] = []
    for (const [ear, since] of this.#ears) if (since < turn) ears.push(ear)
    return ears
  }
}
