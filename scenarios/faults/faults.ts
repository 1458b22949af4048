import { setTimeout as pause } from 'node:timers/promises'
import type { FaultKind, FaultOrder } from '../control/messages.ts'
import type { Fleet, FleetNode } from '../fleets/fleet.ts'
import type { Reaper } from '../reaper.ts'
import { CpuHog } from './cpu-hog.ts'
import { SlowDisk } from './slow-disk.ts'

const restartPatienceMs = 20_000

/** A fault that can be undone. */
type Lasting = Exclude<FaultKind, 'reorg'>

type Active = { readonly undo: () => Promise<void>; readonly timer: NodeJS.Timeout | null }

/** What was done to the nodes of a running fleet on purpose, and how to undo it. */
export class Faults {
  readonly #fleet: Fleet
  readonly #reaper: Reaper
  readonly #say: (text: string) => void
  readonly #active = new Map<string, Map<Lasting, Active>>()

  /** @param say is told what comes later: ends of faults, and that one did not come about */
  constructor(fleet: Fleet, reaper: Reaper, say: (text: string) => void) {
    this.#fleet = fleet
    this.#reaper = reaper
    this.#say = say
  }

  /** What a node suffers from now. */
  of(id: string): readonly string[] {
    return [...(this.#active.get(id)?.keys() ?? [])]
  }

  /** @returns what was done, in one line @throws Error in one line when it cannot be done */
  async order(order: FaultOrder): Promise<string> {
    const node = this.#node(order.node)
    if (order.kind === 'start') return await this.#start(node)
    if (order.kind === 'reorg') return await this.#reorg(node, order.depth)
    if (this.of(node.id).includes(order.kind)) throw new Error(`${node.id}: ${order.kind} already`)
    return await this.#begin(node, order.kind, order)
  }

  /** The node's process has ended: what went on inside its control group goes no further. */
  async nodeDied(id: string): Promise<void> {
    for (const kind of ['cpu-hog', 'slow-disk', 'stop', 'lag'] as const) {
      const active = this.#take(id, kind)
      if (active !== null && (kind === 'cpu-hog' || kind === 'slow-disk')) await active.undo()
    }
  }

  /** Ends what would outlive the nodes; they themselves are left as they are. */
  async close(): Promise<void> {
    for (const [id, kinds] of this.#active) {
      for (const kind of [...kinds.keys()]) {
        const active = this.#take(id, kind)
        if (kind === 'cpu-hog' || kind === 'slow-disk') await active?.undo()
      }
    }
  }

  async #begin(node: FleetNode, kind: Lasting, order: FaultOrder): Promise<string> {
    const { id } = node
    if (node.pid() === null) throw new Error(`${id} is down`)
    // What is inside its control group would keep a container from ending.
    if (kind === 'kill') await this.nodeDied(id)
    const { undo, text } = await this.#inflict(node, kind, order)
    const { forMs } = order
    const timer = forMs === null ? null : setTimeout(() => void this.#expire(id, kind), forMs)
    const kinds = this.#active.get(id) ?? new Map<Lasting, Active>()
    this.#active.set(id, kinds.set(kind, { undo, timer }))
    const until = forMs === null ? 'until start' : `for ${forMs / 1000} s`
    return `${id} ${text}, ${until}`
  }

  async #inflict(
    node: FleetNode,
    kind: Lasting,
    order: FaultOrder,
  ): Promise<{ readonly undo: () => Promise<void>; readonly text: string }> {
    const { id } = node
    const fleet = this.#fleet
    switch (kind) {
      case 'kill':
        await fleet.kill(id)
        return { undo: () => this.#restart(node), text: 'is killed' }
      case 'stop':
        await fleet.freeze(id)
        return { undo: async () => await fleet.thaw(id), text: 'stands still' }
      case 'lag': {
        const { catchUp } = fleet
        if (fleet.lag === undefined || catchUp === undefined) throw cannot('lag')
        fleet.lag(id)
        return { undo: () => catchUp.call(fleet, id), text: 'gets no more blocks' }
      }
      case 'slow-disk':
        return await this.#slowDisk(node, order.readsPerSecond)
      case 'cpu-hog':
        return await this.#cpuHog(node, order.share)
    }
  }

  async #slowDisk(node: FleetNode, readsPerSecond: number) {
    const { id, datadir } = node
    if (datadir === undefined) throw cannot('have slow disks')
    const options = { id, datadir, readsPerSecond, pid: node.pid() ?? 0, reaper: this.#reaper }
    const onFailed = (text: string) => this.#say(`${id}: its disk is slow no more: ${text}`)
    const disk = await SlowDisk.start({ ...options, onFailed })
    return { undo: () => disk.close(), text: `reads ${readsPerSecond} times a second at most` }
  }

  async #cpuHog(node: FleetNode, share: number) {
    const { id, cpus } = node
    if (cpus === null) throw new Error(`${id} has no CPU quota to take from: up --cpus`)
    const cores = share * cpus
    const hog = await CpuHog.start({ pid: node.pid() ?? 0, cores, reaper: this.#reaper })
    return { undo: () => hog.close(), text: `has a hog that takes ${cores.toFixed(2)} cores` }
  }

  async #reorg(node: FleetNode, depth: number): Promise<string> {
    if (this.#fleet.reorg === undefined) throw cannot('reorganise their chain')
    const { number, hash } = await this.#fleet.reorg(depth, node.id)
    return `${depth} blocks were replaced by ${depth + 1} that ${node.id} built; the head is ${number}, ${hash}`
  }

  async #start(node: FleetNode): Promise<string> {
    const kinds = this.of(node.id)
    for (const kind of ['cpu-hog', 'slow-disk', 'stop', 'lag', 'kill'] as const) {
      await this.#take(node.id, kind)?.undo()
    }
    if (node.pid() === null) await this.#restart(node)
    else if (kinds.length === 0) return `${node.id} is as it should be`
    return `${node.id} is as it was before ${kinds.join(', ') || 'it ended'}`
  }

  async #expire(id: string, kind: Lasting): Promise<void> {
    try {
      await this.#take(id, kind)?.undo()
      this.#say(`${id}: ${kind} is over`)
    } catch (error) {
      this.#say(`${id}: ${kind} is not over: ${error instanceof Error ? error.message : error}`)
    }
  }

  /** Whoever asked is not kept waiting where it lacks blocks that no other node can give it now. */
  async #restart(node: FleetNode): Promise<void> {
    if (node.pid() !== null) return
    const patience = new AbortController()
    const { signal } = patience
    const restarted = this.#fleet.restart(node.id)
    const late = pause(restartPatienceMs, true, { signal, ref: false }).catch(() => false) // It is back.
    const isLate = await Promise.race([restarted.then(() => false), late])
    patience.abort()
    if (!isLate) return
    this.#say(`${node.id} is started again, and has not got the head yet`)
    restarted.catch((error: unknown) => this.#say(`${node.id} is not back: ${String(error)}`))
  }

  #take(id: string, kind: Lasting): Active | null {
    const active = this.#active.get(id)?.get(kind) ?? null
    this.#active.get(id)?.delete(kind)
    if (active?.timer != null) clearTimeout(active.timer)
    return active
  }

  #node(id: string): FleetNode {
    const ids = this.#fleet.nodes.map((node) => node.id)
    const node = this.#fleet.nodes.find((one) => one.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}, only ${ids.join(', ')}`)
    return node
  }
}

function cannot(what: string): Error {
  return new Error(`nodes of this fleet cannot ${what}: take --fleet geth or docker`)
}
