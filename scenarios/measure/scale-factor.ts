import { type Estimate, mean, sum } from './statistics.ts'

/**
 * How many times wider than its values alone say the interval of a mean of several runs must be,
 * because the runs differ by more than their values: the Particle Data Group's scale factor (Birge's
 * ratio), here √(variance between runs ÷ variance within), and never below 1. 1 where there are not two
 * runs, or no run has two values.
 *
 * @param runs of each its values, differences on a scale on which they are near to symmetric
 * @see Navas et al. (Particle Data Group), Phys. Rev. D 110, 030001 (2024), Introduction, section 5.2.2;
 *   Birge, Phys. Rev. 40, 207 (1932).
 */
export function scaleFactor(runs: readonly (readonly number[])[]): number {
  const known = runs.filter((values) => values.length > 0)
  const all = known.flat()
  const freedom = all.length - known.length
  if (known.length < 2 || freedom < 1) return 1
  const centre = mean(all)
  const between = sum(known.map((values) => values.length * (mean(values) - centre) ** 2))
  const within = sum(known.map((values) => sum(values.map((value) => (value - mean(values)) ** 2))))
  if (within === 0) return 1
  return Math.max(1, Math.sqrt(between / (known.length - 1) / (within / freedom)))
}

/** The interval of a ratio, so many times as wide, on logarithms. */
export function widened({ value, low, high }: Estimate, times: number): Estimate {
  const moved = (end: number | null) => (end === null ? null : value * (end / value) ** times)
  return { value, low: moved(low), high: moved(high) }
}
