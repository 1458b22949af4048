/** Windows after which half of what was learned of the correlation is forgotten: ln 2 ÷ 0.002 ≈ 350. */
const forgetting = 0.998

/**
 * How much of a disturbance is left one report later: its lag-1 autocorrelation, pooled over the
 * nodes of a fleet, because one node alone says too little of it. 0.5 until something is seen.
 */
export class Correlation {
  #together = 0.5
  #alone = 1

  /** Two deviations from the mean, one report apart, as shares of the capacity. */
  add(before: number, now: number): void {
    this.#together = this.#together * forgetting + before * now
    this.#alone = this.#alone * forgetting + before * before
  }

  /** In [0.001, 0.995]. */
  get rho(): number {
    return Math.min(0.995, Math.max(1e-3, this.#together / this.#alone))
  }
}

/** The slow mean's time constant, ms, and the most that one window moves it. */
const meanTauMs = 30_000
const maxMeanStep = 0.2

/** After 5 reports' time and a second without one, what is believed fades with this constant, ms. */
const fadeTauMs = 5_000

/**
 * Something that others do to a node's resource, known from reports alone: between them it is
 * expected to return from its last value to its mean as an AR(1) process does, and a silent
 * agent's last word fades to nothing. Unit: whatever the resource is counted in.
 */
export class Disturbance {
  readonly #correlation: Correlation
  readonly #tauMs: number
  #last = 0
  #mean = 0
  #observedAtMs = Number.NEGATIVE_INFINITY
  #everyMs = 250

  /** @param tauMs smooths what is observed; 0 takes it as it is */
  constructor(correlation: Correlation, tauMs: number) {
    this.#correlation = correlation
    this.#tauMs = tauMs
  }

  /**
   * One window's value.
   * @param dtMs how long the window was
   * @param capacity of the resource, which makes deviations of unlike nodes alike
   */
  observe(value: number, dtMs: number, nowMs: number, capacity: number): void {
    const isFirst = this.#observedAtMs === Number.NEGATIVE_INFINITY
    const before = this.#last
    const gain = isFirst || this.#tauMs === 0 ? 1 : Math.min(1, dtMs / this.#tauMs)
    this.#last = Math.max(0, before + gain * (value - before))
    if (isFirst) this.#mean = this.#last
    else {
      this.#everyMs = rhythmMs(this.#everyMs, nowMs - this.#observedAtMs)
      const mean = this.#mean
      this.#correlation.add((before - mean) / capacity, (this.#last - mean) / capacity)
      this.#mean += Math.min(maxMeanStep, dtMs / meanTauMs) * (this.#last - mean)
    }
    this.#observedAtMs = nowMs
  }

  /** What is to be expected at `nowMs`; 0 when nothing was ever observed. */
  at(nowMs: number): number {
    if (this.#observedAtMs === Number.NEGATIVE_INFINITY) return 0
    const ageMs = nowMs - this.#observedAtMs
    const everyMs = this.#everyMs
    const left = this.#correlation.rho ** ((ageMs + 0.5 * everyMs) / everyMs)
    const expected = this.#mean + left * (this.#last - this.#mean)
    const overMs = ageMs - silenceMs(everyMs)
    return overMs > 0 ? expected * Math.exp(-overMs / fadeTauMs) : expected
  }

  /** Forgets everything that was observed. */
  reset(): void {
    this.#last = 0
    this.#mean = 0
    this.#observedAtMs = Number.NEGATIVE_INFINITY
  }
}

/** The longest interval that an agent can be set to, ms. What is longer is a silence, and no rhythm. */
const longestIntervalMs = 60_000

/**
 * How often an agent reports, ms, after one more gap of `gapMs`. A silence of an hour must not make the
 * next one of minutes look usual.
 */
export function rhythmMs(everyMs: number, gapMs: number): number {
  return everyMs + 0.1 * (Math.min(gapMs, longestIntervalMs) - everyMs)
}

/** How long an agent that reports every `everyMs` may be silent before it counts as lost, ms. */
export function silenceMs(everyMs: number): number {
  return 5 * everyMs + 1_000
}
