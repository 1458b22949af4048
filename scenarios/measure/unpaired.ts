import { type Estimate, leastRepeats, mean } from './statistics.ts'
import { studentPoint } from './student.ts'

/**
 * Ratio of the geometric means of two independent samples, with its 95 % interval by Welch's t on the
 * logarithms (degrees of freedom by Welch and Satterthwaite, rounded down).
 *
 * @param values positive, not empty, here and below
 * @returns without an interval when one has fewer than three values
 */
export function unpairedRatio(values: readonly number[], baseline: readonly number[]): Estimate {
  const [own, other] = [values, baseline].map((sample) => sample.map((value) => Math.log(value)))
  if (own === undefined || other === undefined) throw new RangeError('a ratio takes two samples')
  const difference = mean(own) - mean(other)
  const value = Math.exp(difference)
  if (Math.min(own.length, other.length) < leastRepeats) return { value, low: null, high: null }
  const errors = [own, other].map((logs) => variance(logs) / logs.length)
  const [first = 0, second = 0] = errors
  const total = first + second
  const degrees = total ** 2 / (first ** 2 / (own.length - 1) + second ** 2 / (other.length - 1))
  // Samples without any spread have as many degrees as they have values.
  const known = Number.isFinite(degrees) ? Math.max(1, Math.floor(degrees)) : own.length - 1
  const reach = studentPoint(known) * Math.sqrt(total)
  return { value, low: Math.exp(difference - reach), high: Math.exp(difference + reach) }
}

function variance(values: readonly number[]): number {
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1)
}
