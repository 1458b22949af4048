import type { Random } from './random.ts'

/**
 * How arrivals lie in time; each has the mean rate it is asked for.
 * - `poisson`: independent users at a steady rate.
 * - `bursty`: a Markov-modulated Poisson process of two states. The rate in a burst is `factor` times
 *   the calm one; calms and bursts last exponentially long, `calmMs` and `burstMs` on average.
 * - `ramp`: the rate grows (or falls) evenly from the share `from` of the mean to `2 − from`.
 * - `step`: it is the share `from` of the mean in the first half, and `2 − from` in the second.
 */
export type ArrivalShape =
  | { readonly kind: 'poisson' }
  | {
      readonly kind: 'bursty'
      /** Above 1. */
      readonly factor: number
      readonly calmMs: number
      readonly burstMs: number
    }
  | { readonly kind: 'ramp' | 'step' /** 0 to 2. */; readonly from: number }

/** A shape of each kind, by its name, as it is where nobody says more. */
export const arrivalShapes = {
  poisson: { kind: 'poisson' },
  bursty: { kind: 'bursty', factor: 6, calmMs: 2_000, burstMs: 500 },
  ramp: { kind: 'ramp', from: 0.25 },
  step: { kind: 'step', from: 0.5 },
} as const satisfies Record<ArrivalShape['kind'], ArrivalShape>

/** The shape in words, with all its parameters. */
export function arrivalsInWords(shape: ArrivalShape): string {
  switch (shape.kind) {
    case 'poisson':
      return 'Poisson arrivals'
    case 'bursty': {
      const { factor, calmMs, burstMs } = shape
      return `bursty arrivals (MMPP: ${factor} times the calm rate in bursts of ${burstMs} ms after calms of ${calmMs} ms, means)`
    }
    case 'ramp':
      return `arrivals on a ramp from ${shape.from} to ${2 - shape.from} of the mean rate`
    case 'step':
      return `arrivals that step from ${shape.from} to ${2 - shape.from} of the mean rate half-way`
  }
  return shape satisfies never
}

/**
 * The intended start times of a shape, milliseconds from its beginning, growing, all below
 * `durationMs`. Independent users do not wait for each other; neither do these.
 *
 * @param ratePerSecond mean arrivals a second, above 0
 */
export function arrivalsOf(
  shape: ArrivalShape,
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Float64Array {
  switch (shape.kind) {
    case 'poisson':
      return poissonArrivals(ratePerSecond, durationMs, random)
    case 'bursty':
      return burstyArrivals(shape, ratePerSecond, durationMs, random)
    case 'ramp':
    case 'step':
      return changingArrivals(shape, ratePerSecond, durationMs, random)
  }
  return shape satisfies never
}

/** Those of a Poisson process; see {@link arrivalsOf}. */
export function poissonArrivals(
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Float64Array {
  const meanGapMs = 1000 / ratePerSecond
  const times: number[] = []
  let atMs = exponential(random) * meanGapMs
  while (atMs < durationMs) {
    times.push(atMs)
    atMs += exponential(random) * meanGapMs
  }
  return Float64Array.from(times)
}

/** The rates of the two states, arrivals a second, and the share of time that is bursts. */
export function burstyRates(
  { factor, calmMs, burstMs }: ArrivalShape & { kind: 'bursty' },
  ratePerSecond: number,
): { readonly calm: number; readonly burst: number; readonly burstShare: number } {
  const burstShare = burstMs / (calmMs + burstMs)
  const calm = ratePerSecond / (1 - burstShare + factor * burstShare)
  return { calm, burst: factor * calm, burstShare }
}

/**
 * State by state, begun in each as often as it holds in the long run. What is left of a gap when the
 * state changes is drawn anew, which a memoryless process does not notice.
 * @see Fischer, Meier-Hellstern: The Markov-modulated Poisson process (MMPP) cookbook, 1993
 */
function burstyArrivals(
  shape: ArrivalShape & { kind: 'bursty' },
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Float64Array {
  const { calm, burst, burstShare } = burstyRates(shape, ratePerSecond)
  const times: number[] = []
  let isBurst = random() < burstShare
  let fromMs = 0
  while (fromMs < durationMs) {
    const untilMs = fromMs + exponential(random) * (isBurst ? shape.burstMs : shape.calmMs)
    const meanGapMs = 1000 / (isBurst ? burst : calm)
    let atMs = fromMs + exponential(random) * meanGapMs
    while (atMs < Math.min(untilMs, durationMs)) {
      times.push(atMs)
      atMs += exponential(random) * meanGapMs
    }
    fromMs = untilMs
    isBurst = !isBurst
  }
  return Float64Array.from(times)
}

/** By the inverse of the expected count: it turns a process of rate 1 into the one that is wanted. */
function changingArrivals(
  shape: ArrivalShape & { kind: 'ramp' | 'step' },
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Float64Array {
  const expected = (ratePerSecond * durationMs) / 1000
  const times: number[] = []
  let count = exponential(random)
  while (count < expected) {
    times.push(durationMs * timeShare(shape, count / expected))
    count += exponential(random)
  }
  return Float64Array.from(times)
}

/** After which share of the time the given share of all arrivals has come. */
function timeShare(
  { kind, from }: ArrivalShape & { kind: 'ramp' | 'step' },
  share: number,
): number {
  if (kind === 'step') {
    const before = from / 2
    return share < before ? share / from : 0.5 + (share - before) / (2 - from)
  }
  // The root of from·x + (1 − from)·x² = share in [0, 1], in the form that is exact near a flat ramp.
  return (2 * share) / (from + Math.sqrt(from ** 2 + 4 * (1 - from) * share))
}

/** Of mean 1. 1 − u lies in (0, 1], so that the logarithm is finite. */
function exponential(random: Random): number {
  return -Math.log(1 - random())
}
