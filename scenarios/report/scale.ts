/** Maps values onto a stretch of a picture, and names the values worth a tick. */
export type Scale = {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** With fewer ticks a reader cannot tell values between them. */
const leastTicks = 3

/** Equal steps for equal differences, from 0. @param max above 0 */
export function linearScale(max: number, from: number, to: number): Scale {
  const step = niceStep(max / 4)
  const ticks = Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) => i * step)
  return { at: (value) => from + (value / max) * (to - from), ticks }
}

/**
 * Equal steps for equal ratios. Ticks are the powers of ten where there are enough of them, else also
 * their doubles and fives, and on a short scale round steps.
 * @param min above 0, below `max`
 */
export function logScale(min: number, max: number, from: number, to: number): Scale {
  const span = Math.log(max / min)
  const at = (value: number) => from + (Math.log(value / min) / span) * (to - from)
  const first = Math.floor(Math.log10(min))
  const decades = Array.from(
    { length: Math.ceil(Math.log10(max)) - first + 1 },
    (_, i) => first + i,
  )
  for (const factors of [[1], [1, 2, 5]]) {
    const ticks = decades
      .flatMap((decade) => factors.map((factor) => factor * 10 ** decade))
      .filter((tick) => tick >= min && tick <= max)
    if (ticks.length >= leastTicks) return { at, ticks }
  }
  const step = niceStep((max - min) / leastTicks)
  const start = Math.ceil(min / step)
  const count = Math.floor(max / step) - start + 1
  return { at, ticks: Array.from({ length: count }, (_, i) => (start + i) * step) }
}

/** The share of calls that a latency curve is drawn from and to, and its ticks. */
const shares = { first: 0.01, last: 0.999, ticks: [0.01, 0.1, 0.5, 0.9, 0.99, 0.999] }

/**
 * Shares in (0, 1) by their log odds, so that 99 % and 99.9 % are as far apart as 90 % and 99 %: the
 * slow tail, which matters, is not squeezed into the last hundredth.
 */
export function oddsScale(from: number, to: number): Scale & { readonly curve: readonly number[] } {
  const odds = (share: number) => Math.log(share / (1 - share))
  const low = odds(shares.first)
  const high = odds(shares.last)
  const steps = 100
  return {
    at: (share) => from + ((odds(share) - low) / (high - low)) * (to - from),
    ticks: shares.ticks,
    curve: Array.from({ length: steps + 1 }, (_, i) => {
      const value = Math.exp(low + ((high - low) * i) / steps)
      return value / (1 + value)
    }),
  }
}

/** The least of 1, 2, 5 × 10ⁿ that is not below `step`. */
function niceStep(step: number): number {
  const decade = 10 ** Math.floor(Math.log10(step))
  return ([1, 2, 5, 10].find((factor) => factor * decade >= step * 0.999) ?? 10) * decade
}
