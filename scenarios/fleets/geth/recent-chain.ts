import type { Forkchoice, Head, Payload } from './engine.ts'

/** Blocks kept to be delivered to nodes that missed them; who lags further asks its peers. */
const keptPayloads = 256
/** Numbers whose canonical hash is remembered. */
const keptNumbers = 256
/** `safe` and `finalized` lie so far behind the highest head there was. */
const safeDistance = 16
const finalizedDistance = 32

/** Below the finalized block nothing can be taken back. */
export const deepestReorg = finalizedDistance - 1

const notSet = `0x${'00'.repeat(32)}`

/** The newest part of the chain as its consensus client sees it. */
export class RecentChain {
  readonly #payloads = new Map<string, Payload>()
  readonly #canonical = new Map<number, Head>()
  #head: Head
  #highest: number

  /** @param blocks of a chain that the nodes have, in order and without a gap; at least one */
  constructor(blocks: readonly Head[]) {
    const last = blocks.at(-1)
    if (last === undefined) throw new RangeError('a chain has at least one block')
    for (const block of blocks) this.#canonical.set(block.number, block)
    this.#head = last
    this.#highest = last.number
  }

  get head(): Head {
    return this.#head
  }

  /** The canonical block of a number, or undefined for one that is too old or still to come. */
  at(number: number): Head | undefined {
    return this.#canonical.get(number)
  }

  payload(hash: string): Payload | undefined {
    return this.#payloads.get(hash)
  }

  /** Puts blocks, each upon the one before, in place of all that was above the first one's parent. */
  extend(payloads: readonly Payload[]): void {
    for (const payload of payloads) {
      if (this.#canonical.get(payload.number - 1)?.hash !== payload.parentHash) {
        throw new RangeError(`block ${payload.number} does not stand upon the chain`)
      }
      for (let above = payload.number; this.#canonical.delete(above); above += 1);
      const { number, hash, timestampS } = payload
      this.#head = { number, hash, timestampS }
      this.#canonical.set(number, this.#head)
      this.#payloads.set(hash, payload)
      this.#highest = Math.max(this.#highest, number)
    }
    trim(this.#payloads, keptPayloads)
    trim(this.#canonical, keptNumbers)
  }

  /** What to tell a node that is to have `head`, a canonical block or one being put upon it. */
  forkchoice(head: Head): Forkchoice {
    const hashAt = (number: number): string => {
      const oldest = this.#canonical.keys().next().value ?? 0
      return this.#canonical.get(Math.max(number, oldest))?.hash ?? notSet
    }
    return {
      headBlockHash: head.hash,
      safeBlockHash: hashAt(Math.min(head.number, this.#highest - safeDistance)),
      finalizedBlockHash: hashAt(this.#highest - finalizedDistance),
    }
  }
}

/** Maps keep the order of insertion; the oldest go first. */
function trim<Key>(map: Map<Key, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return
    map.delete(key)
  }
}
