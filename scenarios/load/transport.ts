import type { FailureKind } from './answer.ts'

/** One call to make: `kind` is its class, an index into the classes of the load. */
export type Call = {
  readonly kind: number
  readonly method: string
  readonly params: readonly unknown[]
  /** Which row of the workload it was drawn from; without it its slowdown is not known. */
  readonly row?: number
}

/** How one call ended. */
export type Outcome = {
  /** Null for a good answer. */
  readonly failure: FailureKind | null
  /** The first words of a bad answer, or what the socket said. */
  readonly detail: string | null
  /** When the last byte came, or the failure was known, on the clock of `wallMs`. */
  readonly endedAtMs: number
  /** What a good answer holds; undefined otherwise. */
  readonly result: unknown
}

/** What becomes of a call, to whoever made it. */
export type Settled = Pick<Outcome, 'failure' | 'result'>

/** A call on its way. */
export type UnderWay = {
  /** Ends it now as timed out, and lets go of what it holds. */
  abandon(): void
}

/** How calls reach an endpoint: HTTP with kept connections, or WebSocket. */
export type Transport = {
  /**
   * Resolves when calls can be sent at once.
   * @throws Error when the endpoint cannot be reached that way
   */
  open(): Promise<void>
  /** @param onSettled called once, never before `send` has returned */
  send(id: number, call: Call, onSettled: (outcome: Outcome) => void): UnderWay
  close(): Promise<void>
}
