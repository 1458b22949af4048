import { join } from 'node:path'
import { type CpuGroup, createCpuGroup, NoCpuGroups } from '../cgroup.ts'
import { freePorts } from '../ports.ts'
import { DrivenFleet, type DrivenFleetOptions, defaultCacheMb } from './driven-fleet.ts'
import { enodeOf } from './geth/command-line.ts'
import { GethNode } from './geth/geth-node.ts'
import { copyChain } from './geth/prepared-chain.ts'

/**
 * A fleet of real Geths on one chain, with this process in place of their consensus clients. All
 * listen on loopback alone.
 */
export class GethFleet extends DrivenFleet<GethNode> {
  readonly #options: DrivenFleetOptions
  readonly #groups: CpuGroup[] = []

  private constructor(options: DrivenFleetOptions) {
    super(options)
    this.#options = options
  }

  /**
   * Starts all nodes; 3 s for four once their chain was made. Resolves when each has the first block
   * beyond it; when one cannot be started, none is left.
   * @throws Error where there is no Geth
   */
  static async start(options: DrivenFleetOptions): Promise<GethFleet> {
    return await new GethFleet(options).begun()
  }

  /** Its connections stay open, and it answers nothing. */
  freeze(id: string): void {
    this.node(id).signal('SIGSTOP')
  }

  thaw(id: string): void {
    this.node(id).signal('SIGCONT')
  }

  /** The control group of a node, or null when it has none. */
  group(id: string): CpuGroup | null {
    return this.#groups[this.members.indexOf(this.node(id))] ?? null
  }

  protected override async begin(): Promise<void> {
    try {
      await this.#makeGroups()
      await this.#startNodes()
    } catch (error) {
      if (!(error instanceof NoCpuGroups)) throw error
      const text = `no CPU quotas, for this machine does not let us: ${error.message}`
      this.#options.onEvent({ kind: 'note', text })
      await this.end()
      await this.#startNodes()
    }
    await this.startDriver()
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
    const { nodes, folder, reaper, cacheMb = defaultCacheMb } = this.#options
    const binary = this.binary()
    const prepared = await this.prepareChain()
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
        onEnded: (ended, how, asked) => void this.ended(ended, how, asked),
      })
      this.members.push(node)
    }
    await Promise.all(
      this.members.map(async (node) => {
        await copyChain(prepared, node.datadir)
        await node.start()
      }),
    )
  }

  /** Their data is not needed any more, so they need not end in order. */
  protected override async end(): Promise<void> {
    await Promise.all(this.members.splice(0).map((node) => node.kill()))
    for (const { directories } of this.#groups.splice(0)) {
      for (const directory of directories) await this.#options.reaper.removeGroup(directory)
    }
  }
}
