import type { Clock } from '../clock.ts'
import type { Naming, Subject } from '../naming.ts'
import type { Declared } from '../normalize.ts'
import { DockerStats } from '../sources/docker-stats.ts'
import type { Machine, Source } from '../sources/source.ts'
import type { Container, ContainerTable } from './container.ts'
import type { Engine } from './engine.ts'

/** What containers are found and read with. */
export type ContainerReach = {
  readonly table: ContainerTable
  readonly machine: Machine
  /** Absent: no engine is asked, and a container that this machine does not show cannot be read. */
  readonly engine: Engine | undefined
  /** Reads through the engine even where the kernel's own files can be seen. */
  readonly asksEngine: boolean
  readonly clock: Clock
}

/** Labels by which a container says what its network and disk can carry, in megabits a second. */
const capacityLabels = {
  networkBytesPerS: 'equipoise.capacity.network-mbps',
  diskBytesPerS: 'equipoise.capacity.disk-mbps',
} as const satisfies Record<keyof Declared, string>

const bytesPerMegabit = 125_000

/** A node that is a container, for as long as `find` finds one: another may take its place. */
export class ContainerSubject implements Subject {
  readonly id: string
  readonly holdsOn = false
  readonly #given: Declared
  readonly #find: () => Container | undefined
  readonly #reach: ContainerReach
  #container: Container | undefined
  #naming: Naming | undefined
  #seenVersion = -1

  constructor(
    id: string,
    given: Declared,
    find: () => Container | undefined,
    reach: ContainerReach,
  ) {
    this.id = id
    this.#given = given
    this.#find = find
    this.#reach = reach
  }

  get name(): string {
    return this.#container?.name ?? this.id
  }

  /** What was given on the command line, over what the container's labels say. */
  get declared(): Declared {
    return { ...declaredBy(this.#container?.labels ?? {}), ...this.#given }
  }

  get absence(): string {
    return this.#container === undefined ? 'no such container' : 'the container does not run'
  }

  /** The container that is watched now. */
  get container(): Container | undefined {
    return this.#container
  }

  current(): Naming | 'unknown' | undefined {
    const { table } = this.#reach
    if (!table.isComplete) return 'unknown'
    if (table.version === this.#seenVersion) return this.#naming
    this.#seenVersion = table.version
    const found = this.#find()
    this.#container = found
    this.#naming = found === undefined ? undefined : this.#namingOf(found)
    return this.#naming
  }

  ended(): void {
    if (this.#container !== undefined) this.#reach.table.doubt(this.#container.id)
  }

  #namingOf(container: Container): Naming | undefined {
    const { id, pid } = container
    if (pid === undefined) return undefined
    return {
      version: `${id}/${pid}`,
      what: `container ${id.slice(0, 12)}, process ${pid}`,
      unseen: 'its process cannot be seen here',
      open: () => this.#open(id, pid),
    }
  }

  #open(containerId: string, pid: number): Source | undefined {
    const { machine, engine, asksEngine, clock } = this.#reach
    const source = asksEngine ? undefined : machine.openContainer(containerId, pid)
    if (source !== undefined || engine === undefined) return source
    const limits = () => this.#container?.limits ?? {}
    return new DockerStats({ engine, containerId, limits, clock })
  }
}

function declaredBy(labels: Container['labels']): Declared {
  const declared: { -readonly [name in keyof Declared]: Declared[name] } = {}
  for (const name of ['networkBytesPerS', 'diskBytesPerS'] as const) {
    const text = labels[capacityLabels[name]]
    const mbps = text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
    if (mbps > 0 && Number.isFinite(mbps)) declared[name] = mbps * bytesPerMegabit
  }
  return declared
}
