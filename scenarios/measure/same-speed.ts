import { type Estimate, mean, sum } from './statistics.ts'
import { studentPoint } from './student.ts'

/** Two trials with the same calls, of which one may have had the faster machine. */
export type SpeedPair = {
  /** A figure of the one ÷ that of the other, above 0. */
  readonly ratio: number
  /** CPU that the same work of no strategy's took beside the one ÷ beside the other, above 0. */
  readonly cpuRatio: number
}

/** A line through fewer pairs says little of where it starts. */
export const leastSpeedPairs = 5

/**
 * The ratio that pairs would have on a machine that is as fast for both: where the line
 *
 *     log ratio = α + β · log CPU ratio
 *
 * by least squares starts, exp α, with its 95 % interval (n − 2 degrees of freedom). What a strategy
 * does to that CPU itself is taken out with it, which moves the ratio towards 1 where fewer or
 * shorter waits save the generator work.
 * @see Deng, Xu, Kohavi, Walker, "Improving the Sensitivity of Online Controlled Experiments by
 *   Utilizing Pre-Experiment Data", WSDM 2013, section 3: control variates.
 * @returns null with fewer than {@link leastSpeedPairs}, or when all had the same CPU
 */
export function ratioAtSameSpeed(pairs: readonly SpeedPair[]): Estimate | null {
  const n = pairs.length
  if (n < leastSpeedPairs) return null
  const ys = pairs.map(({ ratio }) => Math.log(ratio))
  const xs = pairs.map(({ cpuRatio }) => Math.log(cpuRatio))
  const [meanY, meanX] = [mean(ys), mean(xs)]
  const spread = sum(xs.map((x) => (x - meanX) ** 2))
  if (spread < 1e-9) return null
  const slope = sum(xs.map((x, i) => (x - meanX) * ((ys[i] ?? 0) - meanY))) / spread
  const start = meanY - slope * meanX
  const rest = sum(xs.map((x, i) => ((ys[i] ?? 0) - start - slope * x) ** 2)) / (n - 2)
  const reach = studentPoint(n - 2) * Math.sqrt(rest * (1 / n + meanX ** 2 / spread))
  return { value: Math.exp(start), low: Math.exp(start - reach), high: Math.exp(start + reach) }
}
