/** What queueing theory says of the time in a system, milliseconds. */
export type QueueFigures = { readonly meanMs: number; readonly p99Ms: number }

/** Queues with one server, first come first served, Poisson arrivals. */
export const queueKinds = ['M/M/1', 'M/D/1'] as const
export type QueueKind = (typeof queueKinds)[number]

/**
 * The time from arrival to answer.
 *
 * M/M/1: exponential with mean S ÷ (1 − ρ) (Kleinrock, Queueing Systems I, 5.118). M/D/1: mean by
 * Pollaczek and Khinchine, quantiles by Erlang's distribution of the waiting time (1909).
 *
 * @param load ρ, in (0, 1)
 * @param serviceMs S, the mean
 */
export function theoryOf(kind: QueueKind, load: number, serviceMs: number): QueueFigures {
  if (kind === 'M/M/1') {
    const meanMs = serviceMs / (1 - load)
    return { meanMs, p99Ms: meanMs * Math.log(100) }
  }
  return {
    meanMs: serviceMs * (1 + load / (2 * (1 - load))),
    p99Ms: serviceMs * (1 + waitQuantile(0.99, load)),
  }
}

/** In service times: the wait that `share` of the calls of M/D/1 do not exceed, by bisection. */
function waitQuantile(share: number, load: number): number {
  let [low, high] = [0, 1]
  while (waitProbability(high, load) < share) high *= 2
  while (high - low > 1e-9) {
    const middle = (low + high) / 2
    if (waitProbability(middle, load) < share) low = middle
    else high = middle
  }
  return low
}

/** P(W ≤ wait) = (1 − ρ) · Σ (−x)ᵏ ÷ k! · eˣ with x = ρ · (wait − k), over whole k up to the wait. */
function waitProbability(wait: number, load: number): number {
  let sum = 0
  let factorial = 1
  for (let k = 0; k <= Math.floor(wait); k += 1) {
    if (k > 0) factorial *= k
    const x = load * (wait - k)
    sum += ((-x) ** k / factorial) * Math.exp(x)
  }
  return (1 - load) * sum
}

/**
 * The times that calls take in such a system, by Lindley's recursion: what a faultless generator would
 * measure of these very calls.
 */
export function exactLatenciesMs(
  arrivalsMs: ArrayLike<number>,
  servicesMs: ArrayLike<number>,
): Float64Array {
  const latencies = new Float64Array(arrivalsMs.length)
  let freeMs = 0
  for (let i = 0; i < arrivalsMs.length; i += 1) {
    const dueMs = arrivalsMs[i] ?? 0
    freeMs = Math.max(freeMs, dueMs) + (servicesMs[i] ?? 0)
    latencies[i] = freeMs - dueMs
  }
  return latencies
}

/** Mean and p99 of latencies. @param latenciesMs not empty */
export function figuresOf(latenciesMs: Float64Array): QueueFigures {
  const sorted = latenciesMs.toSorted()
  const sum = sorted.reduce((total, ms) => total + ms, 0)
  return { meanMs: sum / sorted.length, p99Ms: sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0 }
}
