import { type CpuGroup, createCpuGroup, NoCpuGroups } from '../cgroup.ts'
import { freePorts } from '../ports.ts'
import type { Reaper } from '../reaper.ts'
import { AnvilNode, chainId } from './anvil-node.ts'
import type { Fleet, FleetEvent } from './fleet.ts'
import { Replicator } from './replicator.ts'

export type AnvilFleetOptions = {
  /** Nodes, from 1. */
  readonly nodes: number
  /** Milliseconds from one block to the next; above 0. */
  readonly blockTimeMs: number
  /** CPU quotas in cores, used in turn; empty for none. */
  readonly cpus: readonly number[]
  /** For the nodes' pid files; removed by the reaper. */
  readonly folder: string
  readonly reaper: Reaper
  readonly onEvent: (event: FleetEvent) => void
}

/** A fleet of Anvils on one chain. */
export class AnvilFleet implements Fleet {
  readonly chainId = chainId
  readonly #options: AnvilFleetOptions
  readonly #nodes: AnvilNode[] = []
  readonly #groups: CpuGroup[] = []
  readonly #replicator: Replicator
  #isClosing = false

  private constructor(options: AnvilFleetOptions) {
    this.#options = options
    const { blockTimeMs, onEvent } = options
    this.#replicator = new Replicator({ blockTimeMs, onEvent })
  }

  /** Starts all nodes. Resolves when each has block 1; when one cannot be started, none is left. */
  static async start(options: AnvilFleetOptions): Promise<AnvilFleet> {
    const fleet = new AnvilFleet(options)
    try {
      await fleet.#start()
      return fleet
    } catch (error) {
      await fleet.close()
      throw error
    }
  }

  get nodes(): readonly AnvilNode[] {
    return this.#nodes
  }

  /** The last sealed block's number. */
  get head(): number {
    return this.#replicator.head?.number ?? 0
  }

  async kill(id: string): Promise<void> {
    await this.#node(id).kill()
  }

  async restart(id: string): Promise<void> {
    const node = this.#node(id)
    if (node.pid() !== null) throw new Error(`${id} is up`)
    await node.start()
    await this.#replicator.join(id, node.url)
    if (node.pid() === null) throw new Error(`${id} ended again while it was replayed`)
  }

  /** Its connections stay open, and it answers nothing. */
  freeze(id: string): void {
    this.#node(id).signal('SIGSTOP')
  }

  thaw(id: string): void {
    this.#node(id).signal('SIGCONT')
  }

  /** The control group of a node, or null when it has none. */
  group(id: string): CpuGroup | null {
    return this.#groups[this.#nodes.indexOf(this.#node(id))] ?? null
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#replicator.close()
    await this.#stopNodes()
  }

  async #start(): Promise<void> {
    try {
      await this.#startNodes(await this.#quotas())
    } catch (error) {
      if (!(error instanceof NoCpuGroups)) throw error
      const text = `no CPU quotas, for this machine does not let us: ${error.message}`
      this.#options.onEvent({ kind: 'note', text })
      await this.#stopNodes()
      await this.#startNodes([])
    }
    // The first seals until transactions come to another: best the one with the most CPU.
    const bySpeed = this.#nodes.toSorted((one, other) => (other.cpus ?? 0) - (one.cpus ?? 0))
    await this.#replicator.start(bySpeed)
  }

  /** @throws NoCpuGroups */
  async #quotas(): Promise<readonly CpuGroup[]> {
    const { nodes, cpus, reaper } = this.#options
    for (let i = 0; i < nodes && cpus.length > 0; i += 1) {
      const group = await createCpuGroup({
        name: `equipoise-${process.pid}-anvil-${i + 1}`,
        cpus: cpus[i % cpus.length] ?? 1,
      })
      this.#groups.push(group)
      for (const directory of group.directories) reaper.watchGroup(directory)
    }
    return this.#groups
  }

  /** @throws NoCpuGroups when a node cannot be put into its group */
  async #startNodes(groups: readonly CpuGroup[]): Promise<void> {
    const { nodes, folder, reaper } = this.#options
    const ports = await freePorts(nodes)
    for (const [i, port] of ports.entries()) {
      this.#nodes.push(
        new AnvilNode({
          id: `anvil-${i + 1}`,
          port,
          folder,
          reaper,
          group: groups[i] ?? null,
          onEnded: (node, how, asked) => void this.#ended(node, how, asked),
        }),
      )
    }
    await Promise.all(this.#nodes.map((node) => node.start()))
  }

  async #stopNodes(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map((node) => node.stop()))
    for (const { directories } of this.#groups.splice(0)) {
      for (const directory of directories) await this.#options.reaper.removeGroup(directory)
    }
  }

  async #ended(node: AnvilNode, how: string, asked: boolean): Promise<void> {
    await this.#replicator.drop(node.id)
    if (this.#isClosing) return
    const text = `${node.id} ended: ${how}`
    this.#options.onEvent({ kind: 'node-died', id: node.id, asked, text })
  }

  #node(id: string): AnvilNode {
    const node = this.#nodes.find((one) => one.id === id)
    if (node === undefined) throw new RangeError(`there is no node ${id}`)
    return node
  }
}
