import type { Picker } from '../balance/picker.ts'
import { strategies } from '../balance/strategies.ts'
import type { StrategyChoice } from '../balance/strategy-choice.ts'
import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import { isLight, type Work } from '../state/work.ts'
import { Histogram } from '../stats/histogram.ts'
import { type Held, HeldQueue } from './held-queue.ts'
import { type Candidate, type LaneOptions, Lanes, type Weighed } from './lanes.ts'
import { LightTraffic } from './light-traffic.ts'
import { keepsOneFor, mayWait, turnMs } from './priority.ts'

/*
 * How to drive it. The proxy and the simulator do the same:
 *
 *   const dispatcher = new Dispatcher<Node>(choice, dispatcherDefaults, clock, rng)
 *
 *   A call arrives:     const node = dispatcher.pick(work, among)      // at once …
 *                       if (node === null) held = dispatcher.hold(waiting, deadlineMs) // … or later
 *   It is asked again:  dispatcher.hold(waiting, deadlineMs, heldBeforeMs)
 *   A call is sent:     const takenMs = dispatcher.sent(node, work)
 *                       const ticket = node.meter.start(work)          // and node.inFlight += 1
 *   A call has ended:   node.meter.settle(ticket, work, rttMs, failed) // and node.inFlight -= 1
 *                       dispatcher.ended(node, takenMs)                // may release calls that wait
 *   A client leaves:    dispatcher.cancel(held)
 *   Time passes:        dispatcher.expire() at dispatcher.nextDeadlineMs (Infinity: nothing waits)
 *   Nodes change:       dispatcher.release()
 *
 * `waiting.release(node)` must do all of "a call is sent" before it returns; it may be called inside
 * `hold`, before that returns. Nothing here makes a promise, and `pick`, `sent` and `ended` make no
 * object while nothing waits. Meters come from `meterOf(choice, {clock, cores, …})`.
 */

/** Why a call that waited is not sent at all. */
export type Refusal = 'overloaded' | 'too-late' | 'no-node'

/** A call that has to wait, as its owner sees it. */
export type Waiting<Node> = {
  readonly work: Work
  /** The nodes it may go to now. */
  among(): readonly Node[]
  /** Sends it: it is in flight, counted by {@link Dispatcher.sent} and its meter, on return. */
  release(node: Node, heldMs: number): void
  refuse(why: Refusal): void
}

export type DispatcherOptions = LaneOptions & {
  /** Calls that may wait at once; of more, the last in turn is refused. Above 0. */
  readonly maxHeld: number
  /** After so many milliseconds a call goes to the best node, however busy. Above 0. */
  readonly maxWaitMs: number
  /** So many of those that wait are looked at in each round. Above 0. */
  readonly lookAhead: number
  /**
   * While calls wait it is looked again after so many milliseconds: nodes come and go, and a quota
   * begins anew, without a call that comes or ends. Above 0; Infinity for never.
   */
  readonly recheckMs: number
}

export const dispatcherDefaults: DispatcherOptions = {
  room: 1,
  slack: 1,
  maxHeld: 1024,
  maxWaitMs: 1_000,
  lookAhead: 12,
  recheckMs: 20,
}

/**
 * Decides where a call goes (assignment, by the strategy's meter and picker), when (scheduling: at
 * once, or when a node has room for it) and who goes first among those that wait (priority).
 *
 * Under CPU quotas heavy reads are kept apart: one is sent when the node that will feel it least has
 * no heavy call in flight or room for one more, and waits otherwise. On real Geth under CPU quotas that is worth
 * 0.93 of the mean at load 0.7 and 0.79 at 0.85 against the same strategy without it. The last node
 * without a heavy call is left to the light ones for a while, unless many wait (`keepsOneFor`).
 */
export class Dispatcher<Node extends Candidate> {
  readonly #options: DispatcherOptions
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #queue: HeldQueue<Waiting<Node>>
  readonly #lanes: Lanes<Node>
  readonly #lights = new LightTraffic()
  #choice: StrategyChoice
  #picker: Picker
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #isReleasing = false
  #mustLookAgain = false
  /** Calls that had to wait, and how long those waited that were sent, in seconds. */
  heldCalls = 0
  readonly heldSeconds = new Histogram()

  constructor(choice: StrategyChoice, options: DispatcherOptions, clock: Clock, rng: Rng) {
    this.#choice = choice
    this.#options = options
    this.#clock = clock
    this.#rng = rng
    this.#queue = new HeldQueue(options.maxHeld)
    this.#picker = strategies[choice.name].picker(rng, clock)
    this.#lanes = new Lanes(options, rng)
  }

  get choice(): StrategyChoice {
    return this.#choice
  }

  /** Calls that wait now. */
  get queued(): number {
    return this.#queue.length
  }

  /** When to call {@link expire}, or Infinity while nothing waits. */
  get nextDeadlineMs(): number {
    if (this.#queue.length === 0) return Number.POSITIVE_INFINITY
    return Math.min(this.#queue.nextDeadlineMs, this.#lookedAtMs + this.#options.recheckMs)
  }

  /** From now on by another strategy. The meters of all nodes must be of `choice` already. */
  use(choice: StrategyChoice): void {
    this.#choice = choice
    this.#picker = strategies[choice.name].picker(this.#rng, this.#clock)
    this.release()
  }

  /**
   * The node that the call goes to at once, or null when it has to wait: then {@link hold} it.
   * @param among not empty
   */
  pick(work: Work, among: readonly Node[]): Node | null {
    if (!this.#mayHold(work)) {
      if (isLight(work)) this.#lights.add()
      return this.#picker.pick(among, work)
    }
    // Where others wait it has to take its turn.
    if (this.#queue.length > 0) return null
    this.#lanes.clearPlans()
    return this.#weigh(among, work, 0, this.#clock.nowMs()).go
  }

  /**
   * Lets a call wait: it is released or refused, once, unless it is cancelled.
   * @param heldBeforeMs what it waited before, where it is asked again of another node: its bound
   * is one for all its waits, and its turn the one it had
   */
  hold(waiting: Waiting<Node>, deadlineMs: number, heldBeforeMs = 0): Held<Waiting<Node>> {
    const { work } = waiting
    const nowMs = this.#clock.nowMs()
    const sinceMs = nowMs - heldBeforeMs
    const held = {
      wait: waiting,
      work,
      turnMs: turnMs(work, sinceMs),
      heldAtMs: nowMs,
      heldBeforeMs,
      goAtMs: sinceMs + this.#options.maxWaitMs,
      deadlineMs,
    }
    const tooMany = this.#queue.add(held)
    if (tooMany !== null) tooMany.wait.refuse('overloaded')
    this.release()
    if (held !== tooMany) this.heldCalls += 1
    return held
  }

  /** Nobody waits for it any more. False when it was released or refused before. */
  cancel(held: Held<Waiting<Node>>): boolean {
    return this.#queue.remove(held)
  }

  /** A call was sent. What it returns is given to {@link ended}. */
  sent(node: Node, work: Work): number {
    return this.#isHolding ? this.#lanes.sent(node, work) : 0
  }

  /** A call has ended, and its meter is settled. */
  ended(node: Node, takenMs: number): void {
    this.#lanes.ended(node, takenMs)
    if (this.#queue.length > 0) this.release()
  }

  /** Sends or refuses those that have waited as long as they may, and looks at the others. */
  expire(): void {
    const nowMs = this.#clock.nowMs()
    for (;;) {
      const held = this.#queue.overdue(nowMs)
      if (held === undefined) break
      this.#queue.remove(held)
      if (held.deadlineMs <= nowMs) held.wait.refuse('too-late')
      else this.#send(held, nowMs)
    }
    if (this.#queue.length > 0) this.release()
  }

  /** Sends all for which a node has room now, in their turns. */
  release(): void {
    // Sending one may end another, which comes back here: the round under way looks again.
    this.#mustLookAgain = true
    if (this.#isReleasing) return
    this.#isReleasing = true
    this.#lookedAtMs = this.#clock.nowMs()
    try {
      while (this.#mustLookAgain) {
        this.#mustLookAgain = false
        while (this.#releaseOne());
      }
    } finally {
      this.#isReleasing = false
    }
  }

  /** Sends the first that can go; false when none can. */
  #releaseOne(): boolean {
    this.#lanes.clearPlans()
    const nowMs = this.#clock.nowMs()
    for (let i = 0; i < this.#options.lookAhead; i++) {
      const held = this.#queue.at(i)
      if (held === undefined) return false
      const among = held.wait.among()
      if (among.length === 0) {
        this.#queue.remove(held)
        held.wait.refuse('no-node')
        return true
      }
      const { best, go } = this.#weigh(among, held.work, waitedMs(held, nowMs), nowMs)
      if (go !== null) {
        this.#queue.remove(held)
        this.#sendTo(go, held, nowMs)
        return true
      }
      if (best !== null) this.#lanes.plan(best, held.work)
    }
    return false
  }

  #weigh(among: readonly Node[], work: Work, heldMs: number, nowMs: number): Weighed<Node> {
    if (this.#isHolding) {
      const keepsOne =
        this.#choice.hold === 'on' &&
        keepsOneFor(work, among.length, this.queued, heldMs, this.#lights.perMs(nowMs))
      return this.#lanes.weigh(among, work, this.#waitsPastIdle, keepsOne)
    }
    const best = this.#picker.pick(among, work)
    return { best, go: best }
  }

  /** Sends it to the best node, with room or without. */
  #send(held: Held<Waiting<Node>>, nowMs: number): void {
    const among = held.wait.among()
    this.#lanes.clearPlans()
    const best =
      among.length === 0 ? null : this.#weigh(among, held.work, waitedMs(held, nowMs), nowMs).best
    if (best === null) held.wait.refuse('no-node')
    else this.#sendTo(best, held, nowMs)
  }

  #sendTo(node: Node, held: Held<Waiting<Node>>, nowMs: number): void {
    const heldMs = nowMs - held.heldAtMs
    this.heldSeconds.observe(heldMs / 1000)
    held.wait.release(node, heldMs)
  }

  get #isHolding(): boolean {
    return strategies[this.#choice.name].holds && this.#choice.hold !== 'off'
  }

  get #waitsPastIdle(): boolean {
    return this.#choice.hold === 'on' || this.#choice.hold === 'patient'
  }

  #mayHold(work: Work): boolean {
    return this.#isHolding && mayWait(work)
  }
}

/** Milliseconds that it has waited in all. */
function waitedMs({ heldAtMs, heldBeforeMs }: Held<unknown>, nowMs: number): number {
  return heldBeforeMs + nowMs - heldAtMs
}
