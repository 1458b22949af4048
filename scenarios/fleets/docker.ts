import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { type Steps, untold } from '../steps.ts'
import { type Disk, diskOf } from './disk.ts'
import { type ContainerEvent, ContainerEvents } from './docker/container-events.ts'
import { ContainerNode } from './docker/container-node.ts'
import { type ContainerPlan, ports } from './docker/container-plan.ts'
import { openDocker } from './docker/daemon.ts'
import { imageOf } from './docker/image.ts'
import { createNetwork, type Network } from './docker/network.ts'
import { removeStack } from './docker/remains.ts'
import { DrivenFleet, type DrivenFleetOptions, defaultCacheMb } from './driven-fleet.ts'
import { enodeOf } from './geth/command-line.ts'
import { copyChain, type PreparedChain } from './geth/prepared-chain.ts'

export type DockerFleetOptions = DrivenFleetOptions & {
  /** Memory limits in bytes, swap included, used in turn; none without it. */
  readonly memoryBytes?: readonly number[]
  /** Bytes a second that a node may read, and write, of its disk, used in turn; no limit without it. */
  readonly diskBytesPerS?: readonly number[]
  /** What containers and network are labelled with. One fleet of a name at a time. */
  readonly stack: string
  readonly steps?: Steps
}

/** What images of nodes are called, before their tag. */
export const gethRepository = 'equipoise/geth'

const secretBytes = 32

/**
 * A fleet of real Geths on one chain, each in a container under its own limits, with this process in
 * place of their consensus clients. What others do to the containers (`docker restart`, `update`,
 * `rm`) is seen and followed.
 */
export class DockerFleet extends DrivenFleet<ContainerNode> {
  readonly #options: DockerFleetOptions
  readonly #docker: Docker
  readonly #events: ContainerEvents

  private constructor(docker: Docker, options: DockerFleetOptions) {
    super(options)
    this.#options = options
    this.#docker = docker
    this.#events = new ContainerEvents(
      docker,
      options.stack,
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
    return await new DockerFleet(await openDocker(), options).begun()
  }

  /** What containers and network are labelled with. */
  get stack(): string {
    return this.#options.stack
  }

  /** `docker pause`: its connections stay open, and it answers nothing. */
  async freeze(id: string): Promise<void> {
    await this.node(id).freeze()
  }

  async thaw(id: string): Promise<void> {
    await this.node(id).thaw()
  }

  /** Removes all containers and the network. */
  protected override async end(): Promise<void> {
    await this.#events.close()
    await Promise.all(this.members.splice(0).map((node) => node.remove()))
    await removeStack(this.#docker, this.#options.stack)
  }

  protected override async begin(): Promise<void> {
    const { folder, stack, steps = untold } = this.#options
    const program = this.binary()
    await steps('remains', () => removeStack(this.#docker, stack), inWords)
    const recipe = { repository: gethRepository, program, folder }
    const { tag } = await steps(
      'image',
      () => imageOf(this.#docker, recipe),
      (image) => `${image.tag}${image.isNew ? '' : ', there already'}`,
    )
    const prepared = await steps('chain', () => this.prepareChain())
    const network = await steps(
      'network',
      () => createNetwork(this.#docker, stack),
      (made) => `${made.name}, ${made.subnet}`,
    )
    await steps('nodes', () => this.#startNodes(tag, network, prepared))
    await steps('first block', () => this.startDriver())
  }

  async #startNodes(image: string, network: Network, prepared: PreparedChain): Promise<void> {
    const plans = await this.#plans(image, network)
    const secret = randomBytes(secretBytes)
    for (const plan of plans) {
      const peers = plans
        .filter((other) => other !== plan)
        .map(({ id, address }) => enodeOf(id, ports.peers, address))
      const { folder, reaper } = this.#options
      this.members.push(
        new ContainerNode({
          ...{ docker: this.#docker, plan, peers, secret, folder, reaper },
          onEnded: (node, how, asked) => void this.ended(node, how, asked),
        }),
      )
    }
    await this.#events.start()
    await Promise.all(
      this.members.map(async (node) => {
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
    const node = this.members.find((one) => one.containerId === containerId)
    if (node === undefined || this.isClosing) return
    if (action === 'die') node.ended(`exit code ${exitCode}`)
    else if (action === 'update') await node.look()
    else if (action === 'start' && !node.isStarting && node.pid() === null) {
      await node.adopt()
      await this.rejoin(node)
    }
  }

  /** Events may have been missed. */
  async #lookAtAll(): Promise<void> {
    for (const node of this.members) {
      const before = node.pid()
      await node.look()
      if (node.pid() !== before && node.pid() !== null) await this.rejoin(node)
    }
  }

  #tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.#options.onEvent({ kind: 'note', text: `a container could not be followed: ${why}` })
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
