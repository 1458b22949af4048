import { lightMs, type Ticket, type Work } from './work.ts'

/** Network and proxy time that a call of no cost is under way for, ms: {@link CallsInFlight}. */
const travelMs = 0.5

/** No call is believed to be nearer to its end than so: costs are guesses. Share of its cost. */
const leastLeft = 0.05

/** What {@link CallsInFlight.leastMs} is for a light call, at most. */
export const lightLeastMs = leastLeft * lightMs

/**
 * The calls that one node has been given and has not answered, in slots that are used again: a
 * ticket is the index of a slot. Figures are copied when a call begins, so that what is given back
 * at its end is what was taken. Holds no memory beyond the most calls that were ever in flight.
 */
export class CallsInFlight {
  count = 0
  /**
   * Milliseconds of CPU that a call would have been granted that was in flight, with CPU work alone,
   * since the node was last without calls. Whoever knows the node's physics advances it.
   */
  servedMs = 0
  /** Σ CPU share of the calls: how many would be running if nothing stood in their way. */
  cpuShares = 0
  /** Σ of what the calls occupy of a core and of the disk while nothing else does: below `count`. */
  cpuOccupied = 0
  diskOccupied = 0
  /** By place, from 0 to `count` − 1: the slot of each call. */
  slots = new Int32Array(8)
  /**
   * By place, for those who sum over all: a call has max(leastMs, needMs − cpuShare · servedMs) of
   * CPU left. Slots are not in order in memory, and a sum over them took twice as long.
   */
  needMs = new Float64Array(8)
  leastMs = new Float64Array(8)
  cpuShare = new Float64Array(8)
  /** By slot. */
  cpuMs = new Float64Array(8)
  diskMs = new Float64Array(8)
  startedMs = new Float64Array(8)
  /** {@link servedMs} when the call began. */
  servedMsBefore = new Float64Array(8)
  /** Whether its latency will be evidence of its cost: see `costs.ts`. */
  evidence = new Uint8Array(8)
  readonly works: (Work | null)[] = Array.from({ length: 8 }, () => null)
  /** By slot: its place in {@link slots}. */
  #places = new Int32Array(8)

  constructor() {
    this.#number(0)
  }

  /**
   * A call began.
   * @param extraMs of disk, beyond what the work is said to cost: this node's own delay
   */
  add(work: Work, extraMs: number, nowMs: number): Ticket {
    if (this.count === this.slots.length) this.#grow()
    const place = this.count
    const slot = this.slots[place] ?? 0
    const { cpuMs } = work
    const diskMs = work.diskMs + extraMs
    const allMs = cpuMs + diskMs
    const cpuShare = cpuMs / allMs
    this.cpuMs[slot] = cpuMs
    this.diskMs[slot] = diskMs
    this.cpuShare[place] = cpuShare
    this.needMs[place] = cpuMs + cpuShare * this.servedMs
    this.leastMs[place] = leastLeft * cpuMs
    this.startedMs[slot] = nowMs
    this.servedMsBefore[slot] = this.servedMs
    this.evidence[slot] = 0
    this.works[slot] = work
    this.#places[slot] = place
    this.count = place + 1
    this.cpuShares += cpuShare
    this.cpuOccupied += cpuMs / (allMs + travelMs)
    this.diskOccupied += diskMs / (allMs + travelMs)
    return slot
  }

  /**
   * A call ended; what stands in its slot may be read until the next {@link add}.
   * @throws RangeError when no call holds the ticket
   */
  remove(slot: Ticket): void {
    const place = this.#places[slot] ?? -1
    const last = this.count - 1
    if (place < 0 || place > last || this.slots[place] !== slot) {
      throw new RangeError(`no call holds ticket ${slot}`)
    }
    const cpuShare = this.cpuShare[place] ?? 0
    const moved = this.slots[last] ?? 0
    this.slots[place] = moved
    this.#places[moved] = place
    this.slots[last] = slot
    this.needMs[place] = this.needMs[last] ?? 0
    this.leastMs[place] = this.leastMs[last] ?? 0
    this.cpuShare[place] = this.cpuShare[last] ?? 0
    this.works[slot] = null
    this.count = last
    if (last === 0) {
      // Sums of what was added and taken away end near nothing; nothing in flight is nothing.
      this.servedMs = 0
      this.cpuShares = 0
      this.cpuOccupied = 0
      this.diskOccupied = 0
      return
    }
    const cpuMs = this.cpuMs[slot] ?? 0
    const diskMs = this.diskMs[slot] ?? 0
    const allMs = cpuMs + diskMs + travelMs
    this.cpuShares -= cpuShare
    this.cpuOccupied -= cpuMs / allMs
    this.diskOccupied -= diskMs / allMs
  }

  /** Milliseconds of CPU that the call in `slot` still needs, by what it was said to cost. */
  leftMs(slot: Ticket): number {
    const place = this.#places[slot] ?? 0
    const needMs = (this.needMs[place] ?? 0) - (this.cpuShare[place] ?? 0) * this.servedMs
    return Math.max(this.leastMs[place] ?? 0, needMs)
  }

  /** Milliseconds of CPU that the calls in flight have used so far, by what they are said to cost. */
  usedMs(): number {
    let usedMs = 0
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i] ?? 0
      usedMs += (this.cpuMs[slot] ?? 0) - this.leftMs(slot)
    }
    return usedMs
  }

  #grow(): void {
    const before = this.slots.length
    const length = 2 * before
    this.slots = grown(this.slots, new Int32Array(length))
    this.#places = grown(this.#places, new Int32Array(length))
    this.evidence = grown(this.evidence, new Uint8Array(length))
    this.cpuMs = grown(this.cpuMs, new Float64Array(length))
    this.diskMs = grown(this.diskMs, new Float64Array(length))
    this.needMs = grown(this.needMs, new Float64Array(length))
    this.leastMs = grown(this.leastMs, new Float64Array(length))
    this.cpuShare = grown(this.cpuShare, new Float64Array(length))
    this.startedMs = grown(this.startedMs, new Float64Array(length))
    this.servedMsBefore = grown(this.servedMsBefore, new Float64Array(length))
    for (let slot = before; slot < length; slot++) this.works.push(null)
    this.#number(before)
  }

  #number(from: number): void {
    for (let slot = from; slot < this.slots.length; slot++) {
      this.slots[slot] = slot
      this.#places[slot] = slot
    }
  }
}

function grown<Numbers extends Float64Array | Int32Array | Uint8Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from)
  return to
}
