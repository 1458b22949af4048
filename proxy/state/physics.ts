import type { Work } from './work.ts'

/** How a node makes time of work. Reads the calls in flight and what is believed of the node. */
export type Physics = {
  /** Grants the calls in flight the service of the time since the last call, up to `nowMs`. */
  advance(nowMs: number): void
  /** A call began or ended now: told after {@link advance}. */
  ended(): void
  /** Begins to serve at `nowMs`, with nothing used up. */
  begin(nowMs: number): void
  /**
   * Milliseconds that `work` would take if sent now, and that it would cost the others.
   * @param extraMs of disk beyond the work's own
   */
  forecast(work: Work, extraMs: number): number
  /** Whether `work`, sent now, should be stalled by nothing. */
  hasRoomFor(work: Work): boolean
}
