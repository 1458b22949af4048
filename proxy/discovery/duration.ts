import { z } from 'zod'

/** A time in milliseconds, above zero: a number, or a text such as `250ms`, `2s`, `5m`. */
export const duration = z.preprocess(
  (value) => (typeof value === 'string' ? millisecondsOf(value) : value),
  z.number({ error: 'want a duration such as 250ms or 2s' }).positive(),
)

function millisecondsOf(text: string): number | string {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
  if (amount === undefined) return text
  return Number(amount) * (unit === 'ms' ? 1 : unit === 's' ? 1_000 : 60_000)
}
