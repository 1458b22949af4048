import type { CallsInFlight } from './calls-in-flight.ts'
import { coresLeft, coresThere, type NodeBelief } from './node-belief.ts'
import type { Physics } from './physics.ts'
import type { Work } from './work.ts'

/** A call of others' or ours for each core, and a little: nobody waits for a turn. */
const calmCrowd = 1.2

/** Others who use up all cores wait as well, more of them than their use can tell. */
const queueShare = 0.03

/** A round trip counts in steps of so many ms: less would lead an idle fleet to one node. */
const rttStepMs = 0.25

/**
 * Cores and a disk that are each shared evenly by whoever is at them. On a node with S = Σ min(rⱼ, c)
 * of overlapping work a call of cost c waits for S and makes the others wait for S again: the cost
 * to all is (c + 2 S) ÷ A. Others do not wait for us at our cost, but share with us as another call
 * would. With x our calls that occupy a resource, B what others have there, A the cores that the host
 * gives,
 *
 *     cost = cpu (1 + (2 x_c + B_c + 1) ÷ A + 0.03 (1 ÷ (A − B_c) − 1 ÷ A)) + disk (1 + (2 x_d + B_d + 1) ÷ D) + rtt
 */
export class ProcessorSharing implements Physics {
  readonly #calls: CallsInFlight
  readonly #belief: NodeBelief
  #advancedMs = 0

  constructor(calls: CallsInFlight, belief: NodeBelief) {
    this.#calls = calls
    this.#belief = belief
  }

  begin(nowMs: number): void {
    this.#advancedMs = nowMs
  }

  advance(nowMs: number): void {
    const dtMs = nowMs - this.#advancedMs
    if (!(dtMs > 0)) return
    this.#advancedMs = nowMs
    const { cpuShares } = this.#calls
    // Not what others leave of it: what a call was granted is to be learned on nodes left alone.
    if (cpuShares > 0) {
      this.#calls.servedMs += dtMs * Math.min(1, this.#belief.cores / cpuShares)
    }
  }

  ended(): void {}

  forecast(work: Work, extraMs: number): number {
    const belief = this.#belief
    const occupied = this.#calls.cpuOccupied + belief.failedCalls
    const there = coresThere(belief)
    const crowd =
      (2 * occupied + belief.othersCores + 1) / there +
      queueShare * (1 / coresLeft(belief) - 1 / there)
    const diskMs = work.diskMs + extraMs
    const rttMs = Math.floor(belief.rttMs / rttStepMs) * rttStepMs
    return work.cpuMs * (1 + crowd) + diskCost(diskMs, this.#calls, belief) + rttMs
  }

  hasRoomFor(): boolean {
    return (this.#calls.cpuOccupied + 1) / this.#belief.cores < calmCrowd
  }
}

/** The disk's part of what a call costs, ms: the disk is shared, whatever limits the CPU. */
export function diskCost(diskMs: number, calls: CallsInFlight, belief: NodeBelief): number {
  if (diskMs === 0) return 0
  const { othersDisks, disks, failedCalls, trust } = belief
  const crowd = (2 * (calls.diskOccupied + failedCalls) + othersDisks + 1) / (disks * trust)
  return diskMs * (1 + crowd)
}
