import type { Random } from './random.ts'

/**
 * The intended start times of a Poisson process, milliseconds from its beginning, growing, all below
 * `durationMs`. Independent users do not wait for each other; neither do these.
 *
 * @param ratePerSecond mean arrivals a second, above 0
 */
export function poissonArrivals(
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Float64Array {
  const meanGapMs = 1000 / ratePerSecond
  const times: number[] = []
  // 1 − u lies in (0, 1], so that the logarithm is finite.
  let atMs = -Math.log(1 - random()) * meanGapMs
  while (atMs < durationMs) {
    times.push(atMs)
    atMs -= Math.log(1 - random()) * meanGapMs
  }
  return Float64Array.from(times)
}
