import type { Session } from '../load/sessions.ts'
import type { Call, Settled } from '../load/transport.ts'
import type { ChainFacts } from './chain.ts'

/** What a script is made for: one load of one endpoint. */
export type ScriptContext = {
  /** Over HTTP, whatever the load itself goes over. */
  readonly url: string
  readonly facts: ChainFacts
  readonly seed: number
  /** Equal streams of one seed give equal calls, but for addresses and nonces. */
  readonly stream: string
  /** When each call falls due, milliseconds from the beginning of the load. */
  readonly arrivalsMs: Float64Array
  readonly signal: AbortSignal
}

/** Calls that follow from one another, where a workload's rows are each drawn for themselves. */
export type Script = {
  /** The next call; asked for once for each arrival, in order. */
  next(): Call
  /** A call of this script has ended. */
  settled(call: Call, settled: Settled): void
  /**
   * Waits for what the calls have set going, and checks that it is right.
   * @throws the signal's reason when that ends it
   */
  finish(signal: AbortSignal): Promise<Audit>
}

/** Clients that each do several things in turn over a WebSocket of their own. */
export type Sessions = {
  /** What one does, from its arrival to its end. @throws Error for what no load can go on after */
  play(session: Session): Promise<void>
  /** {@link Script.finish} */
  finish(signal: AbortSignal): Promise<Audit>
}

/** What a script found out once its calls had ended. */
export type Audit = {
  /** Counts by name, in the order in which they are told: `accepted`, `mined`, `reverted` … */
  readonly counts: { readonly [name: string]: number }
  /** What is not as it must be, in words; empty when all is right. At most {@link mostFaults}. */
  readonly faults: readonly string[]
}

/** More would only say that it went badly. */
export const mostFaults = 20
