import { join } from 'node:path'
import { type CpuGroup, createCpuGroup, NoCpuGroups } from '../cgroup.ts'
import { freePorts } from '../ports.ts'
import type { Reaper } from '../reaper.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import type { Fleet, FleetEvent } from './fleet.ts'
import { gethBinary } from './geth/binary.ts'
import { BlockDriver } from './geth/block-driver.ts'
import { enodeOf } from './geth/command-line.ts'
import type { Head } from './geth/engine.ts'
import { chainId } from './geth/genesis.ts'
import { GethNode } from './geth/geth-node.ts'
import { type ChainRecipe, copyChain, preparedChain } from './geth/prepared-chain.ts'

export type GethFleetOptions = {
  /** Nodes, from 1. */
  readonly nodes: number
  /** Milliseconds from one block to the next; null: only {@link GethFleet.seal} makes blocks. */
  readonly blockTimeMs: number | null
  /** CPU quotas in cores, used in turn; empty for none. */
  readonly cpus: readonly number[]
  /** For data directories and pid files; removed by the reaper. */
  readonly folder: string
  readonly reaper: Reaper
  readonly onEvent: (event: FleetEvent) => void
  /** What the chain holds from the start; without it 2000 token transfers in 50 blocks. */
  readonly chain?: ChainRecipe
  /** Megabytes for each node's caches, 64 without it. */
  readonly cacheMb?: number
}

const seededChain: ChainRecipe = { isSeeded: true, bulkAccounts: 0 }
const defaultCacheMb = 64

/**
 * A fleet of real Geths on one chain, with this process in place of their consensus clients. All
 * listen on loopback alone.
 */
export class GethFleet implements Fleet {
  readonly chainId = chainId
  readonly #options: GethFleetOptions
  readonly #nodes: GethNode[] = []
  readonly #groups: CpuGroup[] = []
  readonly #driver: BlockDriver
  #facts: ChainFacts | null = null
  #isClosing = false

  private constructor(options: GethFleetOptions) {
    this.#options = options
    const { blockTimeMs, onEvent } = options
    this.#driver = new BlockDriver({ blockTimeMs, onEvent })
  }

  /**
   * Starts all nodes; 3 s for four once their chain was made. Resolves when each has the first block
   * beyond it; when one cannot be started, none is left.
   * @throws Error where there is no Geth
   */
  static async start(options: GethFleetOptions): Promise<GethFleet> {
    const fleet = new GethFleet(options)
    try {
      await fleet.#start()
      return fleet
    } catch (error) {
      await fleet.close()
      throw error
    }
  }

  get nodes(): readonly GethNode[] {
    return this.#nodes
  }

  /** The last block. */
  get head(): Head {
    return this.#driver.head
  }

  /** What the chain held from the start. */
  get facts(): ChainFacts {
    if (this.#facts === null) throw new Error('the fleet has not started')
    return this.#facts
  }

  async kill(id: string): Promise<void> {
    await this.#node(id).kill()
  }

  async restart(id: string): Promise<void> {
    const node = this.#node(id)
    if (node.pid() !== null) throw new Error(`${id} is up`)
    await node.start()
    await this.#driver.join(id, node.engine())
    if (node.pid() === null) throw new Error(`${id} ended again while it caught up`)
    const text = `${id} has block ${this.head.number} and takes part again`
    this.#options.onEvent({ kind: 'node-back', id, text })
  }

  /** Its connections stay open, and it answers nothing. */
  freeze(id: string): void {
    this.#node(id).signal('SIGSTOP')
  }

  thaw(id: string): void {
    this.#node(id).signal('SIGCONT')
  }

  /** Another CPU quota, at once. @throws Error when the fleet runs without */
  async setCpus(id: string, cpus: number): Promise<void> {
    await this.#node(id).setCpus(cpus)
  }

  /** The node gets no more blocks, and says of itself that nothing is wrong. */
  lag(id: string): void {
    this.#driver.lag(id)
  }

  /**
   * It gets them again, from now on `behind` blocks later than the others. Resolves when it has the
   * block that it is to have.
   */
  async catchUp(id: string, behind = 0): Promise<void> {
    await this.#driver.catchUp(id, behind)
  }

  /** Makes one block now, on all nodes that follow. */
  seal(): Promise<Head> {
    return this.#driver.seal()
  }

  /** Replaces the last `depth` blocks by `depth` + 1 others, see {@link BlockDriver.reorg}. */
  reorg(depth: number, builder?: string): Promise<Head> {
    return this.#driver.reorg(depth, builder)
  }

  /** The control group of a node, or null when it has none. */
  group(id: string): CpuGroup | null {
    return this.#groups[this.#nodes.indexOf(this.#node(id))] ?? null
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#driver.close()
    await this.#endNodes()
  }

  async #start(): Promise<void> {
    try {
      await this.#makeGroups()
      await this.#startNodes()
    } catch (error) {
      if (!(error instanceof NoCpuGroups)) throw error
      const text = `no CPU quotas, for this machine does not let us: ${error.message}`
      this.#options.onEvent({ kind: 'note', text })
      await this.#endNodes()
      await this.#startNodes()
    }
    // Building and publishing takes a little of its CPU: best the one with the most.
    const bySpeed = this.#nodes.toSorted((one, other) => (other.cpus ?? 0) - (one.cpus ?? 0))
    await this.#driver.start(bySpeed.map((node) => ({ id: node.id, engine: node.engine() })))
  }

  /** @throws NoCpuGroups */
  async #makeGroups(): Promise<void> {
    const { nodes, cpus, reaper } = this.#options
    for (let i = 0; i < nodes && cpus.length > 0; i += 1) {
      const name = `equipoise-${process.pid}-geth-${i + 1}`
      const group = await createCpuGroup({ name, cpus: cpus[i % cpus.length] ?? 1 })
      this.#groups.push(group)
      for (const directory of group.directories) reaper.watchGroup(directory)
    }
  }

  /** @throws NoCpuGroups when a node cannot be put into its group */
  async #startNodes(): Promise<void> {
    const { nodes, folder, reaper, chain = seededChain, cacheMb = defaultCacheMb } = this.#options
    const binary = gethBinary()
    if (binary === null) throw new Error('there is no geth on the PATH or in GOPATH/bin')
    const prepared = await preparedChain(binary, chain, folder, reaper)
    this.#facts = prepared.facts
    const ports = await freePorts(3 * nodes)
    const places = Array.from({ length: nodes }, (_, i) => {
      const [http = 0, engine = 0, peers = 0] = ports.slice(3 * i, 3 * i + 3)
      const id = `geth-${i + 1}`
      return { id, ports: { http, engine, peers }, enode: enodeOf(id, peers) }
    })
    for (const [i, { id, ports: own, enode }] of places.entries()) {
      const peers = places.map((place) => place.enode).filter((other) => other !== enode)
      const node = new GethNode({
        ...{ id, binary, ports: own, peers, cacheMb, folder, reaper },
        datadir: join(folder, id),
        group: this.#groups[i] ?? null,
        onEnded: (ended, how, asked) => void this.#ended(ended, how, asked),
      })
      this.#nodes.push(node)
    }
    await Promise.all(
      this.#nodes.map(async (node) => {
        await copyChain(prepared, node.datadir)
        await node.start()
      }),
    )
  }

  /** Their data is not needed any more, so they need not end in order. */
  async #endNodes(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map((node) => node.kill()))
    for (const { directories } of this.#groups.splice(0)) {
      for (const directory of directories) await this.#options.reaper.removeGroup(directory)
    }
  }

  async #ended(node: GethNode, how: string, asked: boolean): Promise<void> {
    await this.#driver.drop(node.id)
    if (this.#isClosing) return
    const text = `${node.id} ended: ${how}`
    this.#options.onEvent({ kind: 'node-died', id: node.id, asked, text })
  }

  #node(id: string): GethNode {
    const node = this.#nodes.find((one) => one.id === id)
    if (node === undefined) throw new RangeError(`there is no node ${id}`)
    return node
  }
}
