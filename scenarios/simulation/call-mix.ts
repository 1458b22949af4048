import type { Random } from '../load/random.ts'
import { exponential, type Spread, spread } from './draws.ts'

/** One kind of call of a mix, and what it truly needs of a node. */
export type CallKind = {
  /** What a reader calls it. */
  readonly name: string
  readonly method: string
  /** Blocks that an `eth_getLogs` asks for, which a client does not hide; null for the others. */
  readonly blocks: number | null
  /** Share of the calls, any scale. */
  readonly share: number
  /** Milliseconds of one core. */
  readonly cpuMs: Spread
  /** Milliseconds of an idle disk; null: none. */
  readonly diskMs: Spread | null
  /** Whether it counts among the calls that should not feel the others. */
  readonly isLight: boolean
}

/** A mix drawn out: what arrives when, the same for every strategy. */
export type CallStream = {
  readonly ratePerMs: number
  readonly count: number
  readonly atMs: Float64Array
  /** Index into the mix. */
  readonly kind: Uint8Array
  readonly cpuMs: Float64Array
  readonly diskMs: Float64Array
  /** Which proxy it comes to. */
  readonly proxy: Uint8Array
}

/** Arrivals that come in bursts: a Poisson process whose rate jumps between two levels. */
export type Bursts = {
  /** Rate in and out of a burst, as multiples of the mean. */
  readonly high: number
  readonly low: number
  /** Mean length of either state, exponentially distributed. */
  readonly highMs: number
  readonly lowMs: number
}

export type StreamOptions = {
  readonly mix: readonly CallKind[]
  readonly ratePerMs: number
  readonly endMs: number
  readonly proxies: number
  readonly bursts: Bursts | null
}

/** Mean core-milliseconds and disk-milliseconds of a call of the mix, before bounds cut them. */
export function meanWork(mix: readonly CallKind[]): {
  readonly cpuMs: number
  readonly diskMs: number
} {
  let [cpuMs, diskMs, shares] = [0, 0, 0]
  for (const kind of mix) {
    cpuMs += kind.share * kind.cpuMs.mean
    diskMs += kind.share * (kind.diskMs?.mean ?? 0)
    shares += kind.share
  }
  return { cpuMs: cpuMs / shares, diskMs: diskMs / shares }
}

/**
 * Draws an open-loop stream of calls: Poisson, or Markov-modulated where it comes in bursts.
 * @param times what draws arrivals
 * @param works what draws kinds and costs, apart so that another rate leaves the calls as they are
 */
export function drawStream(options: StreamOptions, times: Random, works: Random): CallStream {
  const atMs = Float64Array.from(arrivals(options, times))
  const count = atMs.length
  const stream = {
    ratePerMs: options.ratePerMs,
    count,
    atMs,
    kind: new Uint8Array(count),
    cpuMs: new Float64Array(count),
    diskMs: new Float64Array(count),
    proxy: new Uint8Array(count),
  }
  const shares = options.mix.reduce((sum, { share }) => sum + share, 0)
  for (let i = 0; i < count; i += 1) {
    const index = pickKind(options.mix, works() * shares)
    const kind = options.mix[index]
    if (kind === undefined) throw new RangeError('a mix without calls')
    stream.kind[i] = index
    stream.cpuMs[i] = spread(works, kind.cpuMs)
    stream.diskMs[i] = kind.diskMs === null ? 0 : spread(works, kind.diskMs)
    stream.proxy[i] = Math.floor(works() * options.proxies)
  }
  return stream
}

function pickKind(mix: readonly CallKind[], at: number): number {
  let upTo = 0
  for (const [index, { share }] of mix.entries()) {
    upTo += share
    if (at < upTo) return index
  }
  return mix.length - 1
}

function arrivals({ ratePerMs, endMs, bursts }: StreamOptions, random: Random): number[] {
  const times: number[] = []
  let isHigh = false
  let turnMs = bursts === null ? Number.POSITIVE_INFINITY : exponential(random, bursts.lowMs)
  let factor = bursts?.low ?? 1
  for (let atMs = 0; ; ) {
    const nextMs = atMs + exponential(random, 1 / (ratePerMs * factor))
    // Without memory, what was drawn past a turn may be drawn again from it.
    atMs = Math.min(nextMs, turnMs)
    if (atMs >= endMs) return times
    if (nextMs <= turnMs) times.push(atMs)
    else if (bursts !== null) {
      isHigh = !isHigh
      factor = isHigh ? bursts.high : bursts.low
      turnMs = atMs + exponential(random, isHigh ? bursts.highMs : bursts.lowMs)
    }
  }
}
