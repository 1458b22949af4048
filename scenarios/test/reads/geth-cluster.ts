import { keccak256 } from 'ethers'
import { parseBlock, text } from '../../fleets/block.ts'
import type { GethNode } from '../../fleets/geth/geth-node.ts'
import { GethFleet } from '../../fleets/geth.ts'
import { field, NodeRefusal, NodeRpc } from '../../fleets/node-rpc.ts'
import type { Reaper } from '../../reaper.ts'
import { type ChainBlock, type Cluster, listOf, meeting, pathTo } from './cluster.ts'

const timeoutMs = 20_000
/** A block is filled while it is waited for: on a busy machine it may take several to hold all. */
const sealsAtMost = 20

/** Geths that are led along one chain through their Engine API. */
export class GethCluster implements Cluster {
  readonly #fleet: GethFleet
  readonly #rpcs = new Map<string, NodeRpc>()
  /** Nodes that are down, frozen, or behind. */
  readonly #out = new Set<string>()
  readonly #known = new Map<string, ChainBlock>()
  readonly #heads: ChainBlock[] = []

  private constructor(fleet: GethFleet) {
    this.#fleet = fleet
    for (const { id, url } of fleet.nodes) this.#rpcs.set(id, new NodeRpc(url, timeoutMs))
  }

  static async start(nodes: number, folder: string, reaper: Reaper): Promise<GethCluster> {
    const options = { nodes, blockTimeMs: null, cpus: [], folder, reaper, onEvent: () => {} }
    const fleet = await GethFleet.start({ ...options, chain: { isSeeded: false, bulkAccounts: 0 } })
    const cluster = new GethCluster(fleet)
    const { number, hash } = fleet.head
    const first = { number, hash, parent: null, transactions: 0 }
    cluster.#known.set(hash, first)
    cluster.#heads.push(first)
    return cluster
  }

  get chainId(): number {
    return this.#fleet.chainId
  }

  get nodes(): readonly GethNode[] {
    return this.#fleet.nodes
  }

  get heads(): readonly ChainBlock[] {
    return this.#heads
  }

  async seal(raws: readonly string[]): Promise<ChainBlock> {
    const waiting = new Set(await this.#send(raws))
    for (let seals = 0; seals < sealsAtMost; seals += 1) {
      const { hash } = await this.#fleet.seal()
      const block = await this.#read(hash, waiting)
      this.#heads.push(block)
      if (waiting.size === 0) return block
    }
    throw new Error(`no block took ${[...waiting].join(', ')}`)
  }

  /** What the replaced blocks held goes back to the pools, and from there into the new ones. */
  async reorg(depth: number, raws: readonly string[]): Promise<ChainBlock> {
    const before = this.#head
    await this.#send(raws)
    const { hash } = await this.#fleet.reorg(depth)
    const head = await this.#read(hash)
    this.#heads.push(...pathTo(meeting(before, head), head))
    return head
  }

  async logs({ hash }: ChainBlock): Promise<readonly unknown[]> {
    return listOf(await this.#prompt().call('eth_getLogs', { blockHash: hash }))
  }

  async trail(id: string, blocks: number): Promise<void> {
    if (blocks > 0) this.#out.add(id)
    await this.#fleet.catchUp(id, blocks)
    if (blocks === 0) this.#out.delete(id)
  }

  hold(id: string): void {
    this.#out.add(id)
    this.#fleet.lag(id)
  }

  async kill(id: string): Promise<void> {
    this.#out.add(id)
    await this.#fleet.kill(id)
  }

  async restart(id: string): Promise<void> {
    await this.#fleet.restart(id)
    this.#out.delete(id)
  }

  freeze(id: string): void {
    // Nobody shall wait for it, nor have it build blocks.
    this.hold(id)
    this.#fleet.freeze(id)
  }

  async thaw(id: string): Promise<void> {
    this.#fleet.thaw(id)
    await this.trail(id, 0)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#rpcs.values()].map((rpc) => rpc.close()))
    await this.#fleet.close()
  }

  get #head(): ChainBlock {
    const head = this.#heads.at(-1)
    if (head === undefined) throw new Error('the cluster has not started')
    return head
  }

  /** Gives them to all nodes that can take them. @returns their hashes */
  async #send(raws: readonly string[]): Promise<readonly string[]> {
    const rpcs = this.nodes.flatMap(({ id }) => (this.#out.has(id) ? [] : [this.#rpc(id)]))
    await Promise.all(
      rpcs.map(async (rpc) => {
        const answers = await rpc.batch(raws.map((raw) => ['eth_sendRawTransaction', raw]))
        for (const answer of answers) {
          // Another node was faster to pass it on.
          const isThere = answer instanceof NodeRefusal && answer.message.includes('already known')
          if (answer instanceof NodeRefusal && !isThere) throw answer
        }
      }),
    )
    return raws.map((raw) => keccak256(raw))
  }

  /** A block and those below it up to one that is known; `waiting` loses what they hold. */
  async #read(hash: string, waiting: Set<string> | null = null): Promise<ChainBlock> {
    const known = this.#known.get(hash)
    if (known !== undefined) return known
    const found = await this.#prompt().call('eth_getBlockByHash', hash, false)
    const { number, transactions } = parseBlock(found)
    for (const each of transactions) waiting?.delete(each)
    const parent = await this.#read(text(field(found, 'parentHash')))
    const block = { number, hash, parent, transactions: transactions.length }
    this.#known.set(hash, block)
    return block
  }

  /** A node that has the head. */
  #prompt(): NodeRpc {
    return this.#rpc(this.nodes.find(({ id }) => !this.#out.has(id))?.id ?? '')
  }

  #rpc(id: string): NodeRpc {
    const rpc = this.#rpcs.get(id)
    if (rpc === undefined) throw new RangeError(`there is no node ${id}`)
    return rpc
  }
}
