import type { Reaper } from '../reaper.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import type { Fleet, FleetEvent, FleetNode } from './fleet.ts'
import { gethBinary } from './geth/binary.ts'
import { BlockDriver } from './geth/block-driver.ts'
import type { Engine, Head } from './geth/engine.ts'
import { chainId } from './geth/genesis.ts'
import { type ChainRecipe, type PreparedChain, preparedChain } from './geth/prepared-chain.ts'

export type DrivenFleetOptions = {
  /** Nodes, from 1. */
  readonly nodes: number
  /** Milliseconds from one block to the next; null: only {@link DrivenFleet.seal} makes blocks. */
  readonly blockTimeMs: number | null
  /** CPU quotas in cores, used in turn; empty for none. */
  readonly cpus: readonly number[]
  /** For data directories and pid files; removed by the reaper. */
  readonly folder: string
  readonly reaper: Reaper
  readonly onEvent: (event: FleetEvent) => void
  /** What the chain holds from the start; without it 2000 token transfers in 50 blocks. */
  readonly chain?: ChainRecipe
  /** Megabytes for each node's caches, {@link defaultCacheMb} without it. */
  readonly cacheMb?: number
}

/** A Geth, whatever it runs in. */
export type DrivenNode = FleetNode & {
  /** Whether it has not come up yet; then it is for whoever starts it to say that it ended. */
  readonly isStarting?: boolean
  start(): Promise<void>
  kill(): Promise<void>
  /** While it is up. */
  engine(): Engine
  /** @throws Error when it runs without a quota */
  setCpus(cpus: number): Promise<void>
}

export const defaultCacheMb = 64
const seededChain: ChainRecipe = { isSeeded: true, bulkAccounts: 0 }

/**
 * Geths on one chain, with this process in place of their consensus clients. What they run in, and how
 * they are begun and ended there, is for those that extend it.
 */
export abstract class DrivenFleet<Node extends DrivenNode> implements Fleet {
  readonly chainId = chainId
  protected readonly driver: BlockDriver
  /** Filled by {@link begin}, emptied by {@link end}. */
  protected readonly members: Node[] = []
  protected isClosing = false
  readonly #options: DrivenFleetOptions
  #facts: ChainFacts | null = null

  constructor(options: DrivenFleetOptions) {
    this.#options = options
    const { blockTimeMs, onEvent } = options
    this.driver = new BlockDriver({ blockTimeMs, onEvent })
  }

  /** Starts all nodes, and makes the first block beyond the prepared chain. */
  protected abstract begin(): Promise<void>
  /** Ends all nodes, and takes away what they ran in. */
  protected abstract end(): Promise<void>
  abstract freeze(id: string): void | Promise<void>
  abstract thaw(id: string): void | Promise<void>

  get nodes(): readonly Node[] {
    return this.members
  }

  /** The last block. */
  get head(): Head {
    return this.driver.head
  }

  /** What the chain held from the start. */
  get facts(): ChainFacts {
    if (this.#facts === null) throw new Error('the fleet has not started')
    return this.#facts
  }

  async kill(id: string): Promise<void> {
    await this.node(id).kill()
  }

  async restart(id: string): Promise<void> {
    const node = this.node(id)
    if (node.pid() !== null) throw new Error(`${id} is up`)
    await node.start()
    await this.rejoin(node)
    if (node.pid() === null) throw new Error(`${id} ended again while it caught up`)
  }

  /** Another CPU quota, at once. @throws Error when the node runs without */
  async setCpus(id: string, cpus: number): Promise<void> {
    await this.node(id).setCpus(cpus)
  }

  /** The node gets no more blocks, and says of itself that nothing is wrong. */
  lag(id: string): void {
    this.driver.lag(id)
  }

  /**
   * It gets them again, from now on `behind` blocks later than the others. Resolves when it has the
   * block that it is to have.
   */
  async catchUp(id: string, behind = 0): Promise<void> {
    await this.driver.catchUp(id, behind)
  }

  /** Makes one block now, on all nodes that follow. */
  seal(): Promise<Head> {
    return this.driver.seal()
  }

  /** Replaces the last `depth` blocks by `depth` + 1 others, see {@link BlockDriver.reorg}. */
  reorg(depth: number, builder?: string): Promise<Head> {
    return this.driver.reorg(depth, builder)
  }

  /** Resolves when no node is left. */
  async close(): Promise<void> {
    this.isClosing = true
    await this.driver.close()
    await this.end()
  }

  /** {@link begin}; when that fails, nothing is left. */
  protected async begun(): Promise<this> {
    try {
      await this.begin()
      return this
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** @throws Error where there is none */
  protected binary(): string {
    const binary = gethBinary()
    if (binary === null) throw new Error('there is no geth on the PATH or in GOPATH/bin')
    return binary
  }

  /** Makes the chain that the nodes begin with, or finds it made. */
  protected async prepareChain(): Promise<PreparedChain> {
    const { folder, reaper, chain = seededChain } = this.#options
    const prepared = await preparedChain(this.binary(), chain, folder, reaper)
    this.#facts = prepared.facts
    return prepared
  }

  /** Makes the first block, on all members. */
  protected async startDriver(): Promise<void> {
    // Building and publishing takes a little of its CPU: best the one with the most.
    const bySpeed = this.members.toSorted((one, other) => (other.cpus ?? 0) - (one.cpus ?? 0))
    await this.driver.start(bySpeed.map((node) => ({ id: node.id, engine: node.engine() })))
  }

  /** Resolves when a node that was started again has the head, or is gone. */
  protected async rejoin(node: Node): Promise<void> {
    if (node.pid() === null || this.isClosing) return
    await this.driver.join(node.id, node.engine())
    if (node.pid() === null) return
    const text = `${node.id} has block ${this.head.number} and takes part again`
    this.#options.onEvent({ kind: 'node-back', id: node.id, text })
  }

  /** To be told when a node's process has ended. */
  protected async ended(node: Node, how: string, asked: boolean): Promise<void> {
    await this.driver.drop(node.id)
    if (this.isClosing || node.isStarting === true) return
    const text = `${node.id} ended: ${how}`
    this.#options.onEvent({ kind: 'node-died', id: node.id, asked, text })
  }

  /** @throws RangeError for an unknown id */
  protected node(id: string): Node {
    const node = this.members.find((one) => one.id === id)
    if (node === undefined) throw new RangeError(`there is no node ${id}`)
    return node
  }
}
