/** Where time comes from. Injected, so that a test can own it; only `systemClock` reads the machine. */
export type Clock = {
  /** Milliseconds on a clock that never goes back. The origin means nothing; only differences do. */
  nowMs(): number
  /** Milliseconds since 1970, for people and for what is compared across processes of one host. */
  wallMs(): number
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
}
