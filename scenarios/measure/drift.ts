/** Fewer points than this tell no trend. */
const leastPoints = 8
/** Of a standard normal: by chance in one series of a thousand. */
const leastScore = 3.3
/** A trend that changes less than this between the thirds is no matter. */
const leastFactor = 1.5

/**
 * Whether a series goes on rising: a trial in which it does says as much of its own length as of the
 * strategy, for its queue was still growing. By Mann's and Kendall's test of a trend, and the last
 * third must be half as much again as the first.
 *
 * @param values positive, in the order of time
 */
export function isRising(values: readonly number[]): boolean {
  const n = values.length
  if (n < leastPoints) return false
  let score = 0
  for (const [i, value] of values.entries()) {
    for (const later of values.slice(i + 1)) score += Math.sign(later - value)
  }
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const third = Math.floor(n / 3)
  const factor = mean(values.slice(-third)) / mean(values.slice(0, third))
  return score / deviation > leastScore && factor > leastFactor
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}
