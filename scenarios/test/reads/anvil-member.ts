import { AnvilNode } from '../../fleets/anvil-node.ts'
import { type Block, hex } from '../../fleets/block.ts'
import { blockAt, mineBlock } from '../../fleets/block-maker.ts'
import { NodeRefusal, NodeRpc } from '../../fleets/node-rpc.ts'
import type { Reaper } from '../../reaper.ts'
import { type ChainBlock, meeting, pathTo } from './cluster.ts'

/** A block with all that any node needs to make the same: a second after its parent, of `raws`. */
export type MadeBlock = ChainBlock & {
  readonly parent: MadeBlock | null
  readonly timestampS: number
  /** Wei, as the node wrote it. */
  readonly baseFee: string
  /** The signed transactions, in order. */
  readonly raws: readonly string[]
}

const timeoutMs = 20_000

/** One Anvil of a cluster, and where it is on the chain. */
export class AnvilMember {
  readonly node: AnvilNode
  readonly rpc: NodeRpc
  /** How many blocks it is to be behind; null: it is to stay where it is. */
  behind: number | null = 0
  /** Whether it runs, and is not frozen. */
  isUp = true
  #head: MadeBlock | null = null

  constructor(id: string, port: number, folder: string, reaper: Reaper) {
    this.node = new AnvilNode({ id, port, folder, reaper, group: null, onEnded: () => {} })
    this.rpc = new NodeRpc(this.node.url, timeoutMs)
  }

  get head(): MadeBlock {
    if (this.#head === null) throw new Error(`${this.node.id} has no head`)
    return this.#head
  }

  /** Starts it, or starts it again, at genesis. */
  async start(): Promise<MadeBlock> {
    await this.node.start()
    const genesis = await blockAt(this.rpc, 'latest')
    this.#head = { ...facts(genesis), parent: null, raws: [] }
    return this.#head
  }

  /** Makes the next block. @throws NodeRefusal when a transaction is not taken */
  async extend(raws: readonly string[]): Promise<MadeBlock> {
    const parent = this.head
    const answers = await this.rpc.batch(raws.map((raw) => ['eth_sendRawTransaction', raw]))
    for (const answer of answers) if (answer instanceof NodeRefusal) throw answer
    const block = await mineBlock(this.rpc, parent.number + 1, parent.timestampS + 1)
    return this.#took(parent, raws, block)
  }

  /**
   * Replaces its blocks above `ancestor` by as many others, in one step.
   * @param blocks the transactions of each
   */
  async replace(ancestor: MadeBlock, blocks: readonly (readonly string[])[]): Promise<MadeBlock> {
    const [first] = pathTo(ancestor, this.head)
    // Else the base fee would be what the blocks taken back had led to.
    await this.rpc.call('anvil_setNextBlockBaseFeePerGas', first?.baseFee)
    await this.rpc.call('anvil_setBlockTimestampInterval', 1)
    const pairs = blocks.flatMap((raws, i) => raws.map((raw) => [raw, i] as const))
    await this.rpc.call('anvil_reorg', blocks.length, pairs)
    await this.rpc.call('anvil_removeBlockTimestampInterval')
    let parent = ancestor
    for (const raws of blocks) {
      const block = await blockAt(this.rpc, hex(parent.number + 1))
      parent = this.#took(parent, raws, block)
    }
    return parent
  }

  /** Makes its own the chain up to `target`. @throws Error when its blocks are others */
  async goTo(target: MadeBlock): Promise<void> {
    const ancestor = meeting(this.head, target)
    const path = pathTo(ancestor, target)
    const back = this.head.number - ancestor.number
    if (back > path.length) throw new RangeError(`${this.node.id} cannot go back`)
    if (back > 0) {
      await this.replace(
        ancestor,
        path.slice(0, back).map(({ raws }) => raws),
      )
    }
    for (const { raws } of path.slice(back)) await this.extend(raws)
    if (this.head.hash !== target.hash) throw new Error(`${this.node.id} has made another block`)
    this.#head = target
  }

  #took(parent: MadeBlock, raws: readonly string[], block: Block): MadeBlock {
    if (block.transactions.length !== raws.length) {
      throw new Error(`block ${block.number} of ${this.node.id} lacks transactions`)
    }
    this.#head = { ...facts(block), parent, raws }
    return this.#head
  }
}

function facts({ number, hash, timestampS, baseFee, transactions }: Block) {
  return { number, hash, timestampS, baseFee, transactions: transactions.length }
}
