import { normal, type Random } from '../load/random.ts'

/** A draw of mean `mean`, exponentially distributed. */
export function exponential(random: Random, mean: number): number {
  // 1 − u lies in (0, 1], so that the logarithm is finite.
  return -mean * Math.log(1 - random())
}

/** How long a kind of thing takes: mean, spread and bounds. */
export type Spread = {
  /** Above 0; of the distribution before it is cut to its bounds. */
  readonly mean: number
  /** Standard deviation ÷ mean; 0: always the mean. */
  readonly variation: number
  readonly least?: number
  readonly most?: number
}

/** A log-normal draw, cut to its bounds. */
export function spread(random: Random, { mean, variation, least, most }: Spread): number {
  const value = variation === 0 ? mean : logNormal(random, mean, variation)
  return Math.max(least ?? 0, Math.min(most ?? Number.POSITIVE_INFINITY, value))
}

function logNormal(random: Random, mean: number, variation: number): number {
  const variance = Math.log(1 + variation ** 2)
  return Math.exp(Math.log(mean) - variance / 2 + Math.sqrt(variance) * normal(random))
}
