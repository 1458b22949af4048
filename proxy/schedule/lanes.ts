import type { Metered } from '../balance/meter.ts'
import type { Rng } from '../rng.ts'
import { isLight, type Work } from '../state/work.ts'

/** A node as the scheduling sees it. */
export type Candidate = Metered & {
  /** Calls sent to it and not yet answered, of every kind. */
  readonly inFlight: number
  /** Cores it may use; above 0. */
  readonly capacityCores: number
}

export type LaneOptions = {
  /**
   * Work that a node may have in flight before it has no room for more: a share of what its cores
   * do in {@link periodMs}. A node without heavy calls in flight always has room. 1 in the measured
   * policy; 0.5 kept light calls' p99 lower still (0.42 against 0.54 of weighted least-connection).
   */
  readonly room: number
  /**
   * How much worse than the best node's forecast that of the node with room may be: 1 waits for the
   * better node, Infinity never lets a node with room stand by.
   */
  readonly slack: number
}

/** The period of a CPU quota in Linux (`cpu.cfs_period_us`), milliseconds. */
const periodMs = 100

/** Heavy calls in flight at one node, and the work planned for it by calls that wait. */
class Lane {
  calls = 0
  workMs = 0
  plannedCpuMs = 0
  plannedDiskMs = 0
}

/** What {@link Lanes.weigh} found. */
export type Weighed<Node> = {
  /** Where the call would be felt least, of all nodes. */
  readonly best: Node | null
  /** Where it may go now, or null when it should wait for `best`. */
  readonly go: Node | null
}

/**
 * Keeps heavy calls apart: knows how many are in flight at each node and whether one more has room.
 * Light calls are not counted, writes neither.
 */
export class Lanes<Node extends Candidate> {
  readonly #options: LaneOptions
  readonly #rng: Rng
  readonly #lanes = new WeakMap<Node, Lane>()
  readonly #planned: Lane[] = []

  constructor(options: LaneOptions, rng: Rng) {
    this.#options = options
    this.#rng = rng
  }

  /** A call was sent. What it returns is what {@link ended} gives back: 0 for a light call. */
  sent(node: Node, work: Work): number {
    if (isLight(work)) return 0
    const lane = this.#of(node)
    const takenMs = work.cpuMs + work.diskMs
    lane.calls += 1
    lane.workMs += takenMs
    return takenMs
  }

  ended(node: Node, takenMs: number): void {
    if (takenMs === 0) return
    const lane = this.#of(node)
    lane.calls -= 1
    // Sums of fractions do not come back to zero by themselves.
    lane.workMs = lane.calls === 0 ? 0 : lane.workMs - takenMs
  }

  /** Heavy calls in flight at `node`, and their work in milliseconds. */
  heavy(node: Node): { readonly calls: number; readonly workMs: number } {
    return this.#of(node)
  }

  /** Calls that wait are planned anew. */
  clearPlans(): void {
    for (const lane of this.#planned) {
      lane.plannedCpuMs = 0
      lane.plannedDiskMs = 0
    }
    this.#planned.length = 0
  }

  /** A call waits for `node`: those behind it must not count on the same room. */
  plan(node: Node, work: Work): void {
    const lane = this.#of(node)
    if (lane.plannedCpuMs + lane.plannedDiskMs === 0) this.#planned.push(lane)
    lane.plannedCpuMs += work.cpuMs
    lane.plannedDiskMs += work.diskMs
  }

  /**
   * Finds the best node for a heavy call and the node where it may go now; ties by chance. The
   * result is kept nowhere: a node that leaves must not be.
   * @param waitsPastIdle whether it may wait for the better node while some node has no call at all
   * @param keepsOne whether it leaves the last node without heavy calls to the light ones
   */
  weigh(
    among: readonly Node[],
    work: Work,
    waitsPastIdle: boolean,
    keepsOne: boolean,
  ): Weighed<Node> {
    const { slack } = this.#options
    let best: Node | null = null
    let bestCost = Number.POSITIVE_INFINITY
    let bestTies = 0
    let free: Node | null = null
    let freeCost = Number.POSITIVE_INFINITY
    let freeTies = 0
    let someIdle = false
    let withoutHeavy = 0
    for (let i = 0; i < among.length; i++) {
      const node = among[i]
      if (node === undefined) continue
      const lane = this.#of(node)
      const cost = node.meter.cost(withPlans(work, lane))
      if (cost < bestCost || best === null) bestTies = 0
      if (cost <= bestCost || best === null) {
        bestTies += 1
        if (bestTies === 1 || this.#rng() * bestTies < 1) best = node
        bestCost = cost
      }
      if (node.inFlight === 0) someIdle = true
      if (lane.calls === 0) withoutHeavy += 1
      if (!this.#hasRoom(node, lane, work)) continue
      if (cost < freeCost || free === null) freeTies = 0
      if (cost <= freeCost || free === null) {
        freeTies += 1
        if (freeTies === 1 || this.#rng() * freeTies < 1) free = node
        freeCost = cost
      }
    }
    if (keepsOne && withoutHeavy <= 1 && free !== null && this.#isFirstToStall(free)) {
      return { best, go: null }
    }
    if (free !== null && (freeCost <= slack * bestCost || slack === Number.POSITIVE_INFINITY)) {
      return { best, go: free }
    }
    return { best, go: someIdle && !waitsPastIdle ? best : null }
  }

  /**
   * A node without a quota shares its cores among all it has: to wait for it gains nothing, and cost
   * 1.8 of weighted least-connection's mean on eight nodes of two cores (simulated, B1 of the study).
   */
  #hasRoom(node: Node, lane: Lane, work: Work): boolean {
    if (lane.calls === 0 || !stalls(node)) return true
    const roomMs = this.#options.room * node.capacityCores * periodMs
    return lane.workMs + work.cpuMs + work.diskMs <= roomMs
  }

  /** Whether it would be the first heavy call there, and keep light ones waiting. */
  #isFirstToStall(node: Node): boolean {
    return this.#of(node).calls === 0 && stalls(node)
  }

  #of(node: Node): Lane {
    const known = this.#lanes.get(node)
    if (known !== undefined) return known
    const lane = new Lane()
    this.#lanes.set(node, lane)
    return lane
  }
}

/** Whether a heavy call makes all others there wait, as under a quota that binds. */
function stalls({ meter }: Candidate): boolean {
  return meter.stalls?.() === true
}

/** The call with the work of those that wait for the same node before it. */
function withPlans(work: Work, lane: Lane): Work {
  const { plannedCpuMs, plannedDiskMs } = lane
  if (plannedCpuMs + plannedDiskMs === 0) return work
  return {
    key: work.key,
    kind: work.kind,
    cpuMs: work.cpuMs + plannedCpuMs,
    diskMs: work.diskMs + plannedDiskMs,
  }
}
