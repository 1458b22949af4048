import type { Clock } from './clock.ts'
import { type Container, isNamed, isSelected, type Selector } from './containers/container.ts'
import { type ContainerReach, ContainerSubject } from './containers/container-subject.ts'
import { type NodeOptions, processSubject } from './naming.ts'
import type { Declared } from './normalize.ts'
import type { Machine } from './sources/source.ts'
import { WatchedNode } from './watched-node.ts'

/** Containers to watch, and what they may use at most as far as only people know. */
export type ContainerOptions = Selector & Declared

export type WatchListOptions = {
  readonly nodes: readonly NodeOptions[]
  readonly containers: readonly ContainerOptions[]
  readonly machine: Machine
  /** Required for `containers`. */
  readonly reach: ContainerReach | undefined
  readonly clock: Clock
  readonly maxNodes: number
  readonly log: (line: string) => void
}

/** A container that is no more is told of as gone for this long, so that every reader hears it. */
const goneMs = 10_000

type Labelled = { readonly node: WatchedNode; goneSinceMs: number | undefined }

/**
 * All nodes that an agent tells of: those that were named, for good, and a node for each container
 * that bears a label, for as long as there is one.
 */
export class WatchList {
  readonly #options: WatchListOptions
  readonly #named: readonly WatchedNode[]
  /** By the id of their container. */
  readonly #labelled = new Map<string, Labelled>()
  #nodes: readonly WatchedNode[]
  #seenVersion = -1
  #isFull = false

  constructor(options: WatchListOptions) {
    const { nodes, machine, log } = options
    this.#options = options
    const processes = nodes.map((node) => processSubject(node, machine))
    this.#named = [...processes, ...this.#namedContainers()].map(
      (subject) => new WatchedNode(subject, log),
    )
    this.#nodes = this.#named
  }

  get nodes(): readonly WatchedNode[] {
    return this.#nodes
  }

  /** Takes in what has come and lets go of what has left. Once a tick, before the nodes are read. */
  follow(): void {
    const { reach } = this.#options
    if (reach === undefined || !reach.table.isComplete) return
    const isNews = reach.table.version !== this.#seenVersion
    if (!isNews && this.#labelled.size === 0) return
    this.#seenVersion = reach.table.version
    if (isNews) this.#takeIn(reach)
    if (this.#letGo(reach.table.containers) || isNews) {
      this.#nodes = [...this.#named, ...[...this.#labelled.values()].map(({ node }) => node)]
    }
  }

  close(): void {
    for (const node of this.#nodes) node.close()
  }

  #namedContainers(): readonly ContainerSubject[] {
    const { containers, reach } = this.#options
    if (reach === undefined) return []
    return containers.flatMap((given) => {
      if (given.kind === 'label') return []
      const find = () => bearerOf(given.name, reach.table.containers)
      return [new ContainerSubject(given.name, given, find, reach)]
    })
  }

  #takeIn(reach: ContainerReach): void {
    const { maxNodes, log } = this.#options
    for (const container of reach.table.containers.values()) {
      if (this.#labelled.has(container.id)) continue
      const given = this.#labelOf(container)
      if (given === undefined) continue
      if (this.#named.length + this.#labelled.size >= maxNodes) {
        if (!this.#isFull) log(`more than ${maxNodes} nodes: the rest is left out`)
        this.#isFull = true
        return
      }
      const { id } = container
      const subject = new ContainerSubject(id, given, () => reach.table.containers.get(id), reach)
      this.#labelled.set(id, { node: new WatchedNode(subject, log), goneSinceMs: undefined })
    }
    this.#isFull = false
  }

  /** What a container was selected by; undefined when only by its name, which makes it a node already. */
  #labelOf(container: Container): Declared | undefined {
    const { containers } = this.#options
    if (containers.some((by) => by.kind === 'container' && isNamed(container, by.name))) {
      return undefined
    }
    return containers.find((by) => by.kind === 'label' && isSelected(container, by))
  }

  /** True when some node was let go. */
  #letGo(containers: ReadonlyMap<string, Container>): boolean {
    const nowMs = this.#options.clock.nowMs()
    const before = this.#labelled.size
    const names = new Set([...containers.values()].map(({ name }) => name))
    for (const [id, labelled] of this.#labelled) {
      const container = containers.get(id)
      if (container !== undefined && this.#labelOf(container) !== undefined) {
        labelled.goneSinceMs = undefined
        continue
      }
      labelled.goneSinceMs ??= nowMs
      // Another bears its name now: two of one name would be taken for each other.
      const isReplaced = names.has(labelled.node.subject.name)
      if (!isReplaced && nowMs - labelled.goneSinceMs < goneMs) continue
      labelled.node.close()
      this.#labelled.delete(id)
    }
    return this.#labelled.size !== before
  }
}

/** The container that has this name, or else the one that has this id, running ones first. */
function bearerOf(name: string, containers: ReadonlyMap<string, Container>): Container | undefined {
  let found: Container | undefined
  for (const container of containers.values()) {
    if (!isNamed(container, name)) continue
    if (container.name === name) return container
    if (found === undefined || found.pid === undefined) found = container
  }
  return found
}
