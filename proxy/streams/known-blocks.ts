import type { Block } from '../upstream/block.ts'
import type { FindBlock } from './way.ts'

type Known = { readonly block: Block; readonly turn: number }

/** Where blocks stand that were served lately, and when each began to be served; bounded. */
export class KnownBlocks {
  readonly #maxBlocks: number
  readonly #findAtNodes: FindBlock
  readonly #blocks = new Map<string, Known>()

  /** @param findAtNodes asks nodes for a block that is not known here */
  constructor(maxBlocks: number, findAtNodes: FindBlock) {
    this.#maxBlocks = maxBlocks
    this.#findAtNodes = findAtNodes
  }

  /** @param turn counts the changes of the chain that is served; the first one of a block stays */
  add(block: Block, turn: number): void {
    if (this.#blocks.has(block.hash)) return
    this.#blocks.set(block.hash, { block, turn })
    if (this.#blocks.size <= this.#maxBlocks) return
    for (const hash of this.#blocks.keys()) {
      this.#blocks.delete(hash)
      break
    }
  }

  turnOf({ hash }: Block): number | null {
    return this.#blocks.get(hash)?.turn ?? null
  }

  async find(hash: string): Promise<Block | null> {
    return this.#blocks.get(hash)?.block ?? (await this.#findAtNodes(hash))
  }
}
