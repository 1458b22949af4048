import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type Docker from 'dockerode'
import type { Reaper } from '../reaper.ts'
import { type Steps, untold } from '../steps.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import { type Disk, diskOf } from './disk.ts'
import { type ContainerEvent, ContainerEvents } from './docker/container-events.ts'
import { ContainerNode } from './docker/container-node.ts'
import { type ContainerPlan, ports } from './docker/container-plan.ts'
import { openDocker } from './docker/daemon.ts'
import { imageOf } from './docker/image.ts'
import { createNetwork, type Network } from './docker/network.ts'
import { removeStack } from './docker/remains.ts'
import type { Fleet, FleetEvent } from './fleet.ts'
import { gethBinary } from './geth/binary.ts'
import { BlockDriver } from './geth/block-driver.ts'
import { enodeOf } from './geth/command-line.ts'
import type { Head } from './geth/engine.ts'
import { chainId } from './geth/genesis.ts'
import {
  type ChainRecipe,
  copyChain,
  type PreparedChain,
  preparedChain,
} from './geth/prepared-chain.ts'

export type DockerFleetOptions = {
  /** Nodes, from 1. */
  readonly nodes: number
  /** Milliseconds from one block to the next; null: only {@link DockerFleet.seal} makes blocks. */
  readonly blockTimeMs: number | null
  /** CPU quotas in cores, used in turn; empty for none. */
  readonly cpus: readonly number[]
  /** Memory limits in bytes, swap included, used in turn; none without it. */
  readonly memoryBytes?: readonly number[]
  /** Bytes a second that a node may read, and write, of its disk, used in turn; no limit without it. */
  readonly diskBytesPerS?: readonly number[]
  /** What containers and network are labelled with. One fleet of a name at a time. */
  readonly stack: string
  /** For data directories and pid files; removed by the reaper. */
  readonly folder: string
  readonly reaper: Reaper
  readonly onEvent: (event: FleetEvent) => void
  readonly steps?: Steps
  /** What the chain holds from the start; without it 2000 token transfers in 50 blocks. */
  readonly chain?: ChainRecipe
  /** Megabytes for each node's caches, 64 without it. */
  readonly cacheMb?: number
}

/** What images of nodes are called, before their tag. */
export const gethRepository = 'equipoise/geth'

const seededChain: ChainRecipe = { isSeeded: true, bulkAccounts: 0 }
const defaultCacheMb = 64
const secretBytes = 32

/**
 * A fleet of real Geths on one chain, each in a container under its own limits, with this process in
 * place of their consensus clients. What others do to the containers (`docker restart`, `update`,
 * `rm`) is seen and followed.
 */
export class DockerFleet implements Fleet {
  readonly chainId = chainId
  readonly #options: DockerFleetOptions
  readonly #docker: Docker
  readonly #events: ContainerEvents
  readonly #driver: BlockDriver
  readonly #nodes: ContainerNode[] = []
  #facts: ChainFacts | null = null
  #isClosing = false

  private constructor(docker: Docker, options: DockerFleetOptions) {
    this.#options = options
    this.#docker = docker
    const { blockTimeMs, stack, onEvent } = options
    this.#driver = new BlockDriver({ blockTimeMs, onEvent })
    this.#events = new ContainerEvents(
      docker,
      stack,
      (event) => void this.#happened(event).catch((error: unknown) => this.#tell(error)),
      () => void this.#lookAtAll().catch((error: unknown) => this.#tell(error)),
    )
  }

  /**
   * Removes what an earlier fleet of this name left, and starts all nodes. Resolves when each has the
   * first block beyond the prepared chain; when one cannot be started, none is left.
   * @throws NoDocker; Error where there is no Geth
   */
  static async start(options: DockerFleetOptions): Promise<DockerFleet> {
    const fleet = new DockerFleet(await openDocker(), options)
    try {
      await fleet.#start()
      return fleet
    } catch (error) {
      await fleet.close()
      throw error
    }
  }

  /** What containers and network are labelled with. */
  get stack(): string {
    return this.#options.stack
  }

  get nodes(): readonly ContainerNode[] {
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
    await this.#rejoin(node)
    if (node.pid() === null) throw new Error(`${id} ended again while it caught up`)
  }

  /** `docker pause`: its connections stay open, and it answers nothing. */
  async freeze(id: string): Promise<void> {
    await this.#node(id).freeze()
  }

  async thaw(id: string): Promise<void> {
    await this.#node(id).thaw()
  }

  /** Another CPU quota, at once. @throws Error when the node runs without */
  async setCpus(id: string, cpus: number): Promise<void> {
    await this.#node(id).setCpus(cpus)
  }

  /** The node gets no more blocks, and says of itself that nothing is wrong. */
  lag(id: string): void {
    this.#driver.lag(id)
  }

  /** It gets them again. Resolves when it has the head. */
  async catchUp(id: string): Promise<void> {
    await this.#driver.catchUp(id)
  }

  /** Makes one block now, on all nodes that follow. */
  seal(): Promise<Head> {
    return this.#driver.seal()
  }

  /** Replaces the last `depth` blocks by `depth` + 1 others, see {@link BlockDriver.reorg}. */
  reorg(depth: number, builder?: string): Promise<Head> {
    return this.#driver.reorg(depth, builder)
  }

  /** Removes all containers and the network. Resolves when none is left. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#driver.close()
    await this.#events.close()
    await Promise.all(this.#nodes.splice(0).map((node) => node.remove()))
    await removeStack(this.#docker, this.#options.stack)
  }

  async #start(): Promise<void> {
    const { folder, reaper, stack, chain = seededChain, steps = untold } = this.#options
    const binary = gethBinary()
    if (binary === null) throw new Error('there is no geth on the PATH or in GOPATH/bin')
    await steps('remains', () => removeStack(this.#docker, stack), inWords)
    const recipe = { repository: gethRepository, program: binary, folder }
    const { tag } = await steps(
      'image',
      () => imageOf(this.#docker, recipe),
      (image) => `${image.tag}${image.isNew ? '' : ', there already'}`,
    )
    const prepared = await steps('chain', () => preparedChain(binary, chain, folder, reaper))
    this.#facts = prepared.facts
    const network = await steps(
      'network',
      () => createNetwork(this.#docker, stack),
      (made) => `${made.name}, ${made.subnet}`,
    )
    await steps('nodes', () => this.#startNodes(tag, network, prepared))
    // Building and publishing takes a little of its CPU: best the one with the most.
    const bySpeed = this.#nodes.toSorted((one, other) => (other.cpus ?? 0) - (one.cpus ?? 0))
    const places = bySpeed.map((node) => ({ id: node.id, engine: node.engine() }))
    await steps('first block', () => this.#driver.start(places))
  }

  async #startNodes(image: string, network: Network, prepared: PreparedChain): Promise<void> {
    const plans = await this.#plans(image, network)
    const secret = randomBytes(secretBytes)
    for (const plan of plans) {
      const peers = plans
        .filter((other) => other !== plan)
        .map(({ id, address }) => enodeOf(id, ports.peers, address))
      const { folder, reaper } = this.#options
      this.#nodes.push(
        new ContainerNode({
          ...{ docker: this.#docker, plan, peers, secret, folder, reaper },
          onEnded: (node, how, asked) => void this.#ended(node, how, asked),
        }),
      )
    }
    await this.#events.start()
    await Promise.all(
      this.#nodes.map(async (node) => {
        await copyChain(prepared, node.datadir)
        await node.start()
      }),
    )
  }

  async #plans(image: string, network: Network): Promise<readonly ContainerPlan[]> {
    const { nodes, stack, folder, cpus, cacheMb = defaultCacheMb } = this.#options
    const { memoryBytes = [], diskBytesPerS = [] } = this.#options
    const disk = diskBytesPerS.length === 0 ? null : await diskOf(folder)
    return Array.from({ length: nodes }, (_, i) => ({
      ...{ stack, image, network, cacheMb },
      id: `geth-${i + 1}`,
      address: network.addressOf(i),
      datadir: join(folder, `geth-${i + 1}`),
      cpus: inTurn(cpus, i),
      memoryBytes: inTurn(memoryBytes, i),
      disk: limitOf(disk, inTurn(diskBytesPerS, i)),
    }))
  }

  async #happened({ action, containerId, exitCode }: ContainerEvent): Promise<void> {
    const node = this.#nodes.find((one) => one.containerId === containerId)
    if (node === undefined || this.#isClosing) return
    if (action === 'die') node.ended(`exit code ${exitCode}`)
    else if (action === 'update') await node.look()
    else if (action === 'start' && !node.isStarting && node.pid() === null) {
      await node.adopt()
      await this.#rejoin(node)
    }
  }

  /** Events may have been missed. */
  async #lookAtAll(): Promise<void> {
    for (const node of this.#nodes) {
      const before = node.pid()
      await node.look()
      if (node.pid() !== before && node.pid() !== null) await this.#rejoin(node)
    }
  }

  async #rejoin(node: ContainerNode): Promise<void> {
    if (node.pid() === null || this.#isClosing) return
    await this.#driver.join(node.id, node.engine())
    if (node.pid() === null) return
    const text = `${node.id} has block ${this.head.number} and takes part again`
    this.#options.onEvent({ kind: 'node-back', id: node.id, text })
  }

  async #ended(node: ContainerNode, how: string, asked: boolean): Promise<void> {
    await this.#driver.drop(node.id)
    if (this.#isClosing || node.isStarting) return
    const text = `${node.id} ended: ${how}`
    this.#options.onEvent({ kind: 'node-died', id: node.id, asked, text })
  }

  #tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.#options.onEvent({ kind: 'note', text: `a container could not be followed: ${why}` })
  }

  #node(id: string): ContainerNode {
    const node = this.#nodes.find((one) => one.id === id)
    if (node === undefined) throw new RangeError(`there is no node ${id}`)
    return node
  }
}

function inTurn(values: readonly number[], i: number): number | null {
  return values[i % values.length] ?? null
}

function limitOf(disk: Disk | null, bytesPerS: number | null): ContainerPlan['disk'] {
  return disk === null || bytesPerS === null ? null : { device: disk.device, bytesPerS }
}

function inWords(removed: readonly string[]): string {
  return removed.length === 0 ? 'nothing of an earlier run' : `removed ${removed.join(', ')}`
}
