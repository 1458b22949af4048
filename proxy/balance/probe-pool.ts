import type { Rng } from '../rng.ts'

/** What one probe of a node found. All times are milliseconds of one clock. */
export type Probe<Node> = {
  readonly node: Node
  readonly atMs: number
  /** Requests in flight then, and those sent since by this very entry. */
  inFlight: number
  readonly latencyMs: number
  usesLeft: number
}

/** Constants of Prequal's pool; the paper's own. */
export const poolDefaults = {
  /** Probes kept at most: m. */
  capacity: 16,
  /** Milliseconds until a probe says nothing any more. */
  maxAgeMs: 1_000,
  /** Probes sent for each query: r_probe. */
  probesPerQuery: 3,
  /** Probes taken out for each query, the oldest and the worst in turn: r_remove. */
  removesPerQuery: 1,
  /** How much more than needed to break even a probe may be used: δ. */
  reuseMargin: 1,
  /** Of recent probes' requests in flight, the quantile above which a node is hot: Q_RIF. */
  hotQuantile: 0.84,
} as const

/** Where probes cannot keep up with what is taken out, one may be used so often. */
const maxUses = 16

/** Probes from whose requests in flight the quantile is taken. */
const historyLength = 128

/** Numbers of requests in flight that are told apart in the history; above, all are one. */
const maxLevel = 4096

/**
 * Prequal's pool of probes: of each node the newest, none older than a second.
 *
 * @see Wydrowski, Kleinberg, Rumble, Archer, Load is not what you should balance: Introducing
 *   Prequal (NSDI 2024).
 */
export class ProbePool<Node> {
  readonly #rng: Rng
  readonly #probes: Probe<Node>[] = []
  /** The last numbers of requests in flight, as a ring, and how often each number is among them. */
  readonly #history: number[] = []
  readonly #levels = new Uint8Array(maxLevel + 1)
  #historyNext = 0
  #removesOldest = true

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get size(): number {
    return this.#probes.length
  }

  /** @param nodes how many there are: n, for the times that it may be used */
  add(node: Node, inFlight: number, latencyMs: number, nodes: number, nowMs: number): void {
    this.#remember(Math.min(maxLevel, inFlight))
    const had = this.#probes.findIndex((probe) => probe.node === node)
    if (had >= 0) this.#probes.splice(had, 1)
    const usesLeft = this.#uses(nodes)
    this.#probes.push({ node, atMs: nowMs, inFlight, latencyMs, usesLeft })
    // The oldest stands first, because the newest is added last.
    if (this.#probes.length > poolDefaults.capacity) this.#probes.shift()
  }

  /** A call goes to `node`, whoever chose it. */
  sentTo(node: Node): void {
    const at = this.#probes.findIndex((probe) => probe.node === node)
    const probe = this.#probes[at]
    if (probe === undefined) return
    probe.inFlight += 1
    probe.usesLeft -= 1
    if (probe.usesLeft <= 0) this.#probes.splice(at, 1)
  }

  /**
   * Of the cold ones the fastest; where all are hot, the one with the fewest requests in flight. Of
   * equals in the one, the least in the other: latencies of 0 are many. Null while fewer than two can be compared.
   */
  best(among: readonly Node[], nowMs: number): Node | null {
    this.#expire(nowMs)
    const hotAbove = this.#hotAbove()
    let usable = 0
    let cold: Probe<Node> | null = null
    let hot: Probe<Node> | null = null
    for (const probe of this.#probes) {
      if (!among.includes(probe.node)) continue
      usable += 1
      if (probe.inFlight > hotAbove) {
        if (hot === null || isBefore(probe, hot, 'inFlight', 'latencyMs')) hot = probe
      } else if (cold === null || isBefore(probe, cold, 'latencyMs', 'inFlight')) cold = probe
    }
    return usable < 2 ? null : ((cold ?? hot)?.node ?? null)
  }

  /** Takes one out after a query: the oldest and the worst in turn. */
  thin(): void {
    if (this.#removesOldest) this.#probes.shift()
    else this.#removeWorst()
    this.#removesOldest = !this.#removesOldest
  }

  /** The hot one with the most in flight; where none is hot, the slowest. */
  #removeWorst(): void {
    const hotAbove = this.#hotAbove()
    let worst = -1
    let worstRank = Number.NEGATIVE_INFINITY
    for (const [at, { inFlight, latencyMs }] of this.#probes.entries()) {
      // Any hot one is worse than any cold one.
      const rank = inFlight > hotAbove ? 1e12 + inFlight : latencyMs
      if (rank <= worstRank) continue
      worst = at
      worstRank = rank
    }
    if (worst >= 0) this.#probes.splice(worst, 1)
  }

  #expire(nowMs: number): void {
    for (;;) {
      const oldest = this.#probes[0]
      if (oldest === undefined || nowMs - oldest.atMs <= poolDefaults.maxAgeMs) return
      this.#probes.shift()
    }
  }

  /** Requests in flight above which a node is hot. */
  #hotAbove(): number {
    const { length } = this.#history
    let left = Math.min(length - 1, Math.floor(poolDefaults.hotQuantile * length))
    for (let level = 0; level <= maxLevel && length > 0; level++) {
      left -= this.#levels[level] ?? 0
      if (left < 0) return level
    }
    return Number.POSITIVE_INFINITY
  }

  #remember(level: number): void {
    const forgotten = this.#history[this.#historyNext]
    if (forgotten !== undefined) this.#count(forgotten, -1)
    this.#history[this.#historyNext] = level
    this.#count(level, 1)
    this.#historyNext = (this.#historyNext + 1) % historyLength
  }

  #count(level: number, by: number): void {
    this.#levels[level] = (this.#levels[level] ?? 0) + by
  }

  /**
   * max(1, (1 + δ) ÷ ((1 − m/n) · r_probe − r_remove)), rounded up or down by chance so that it is
   * right on average. The paper leaves open what a pool larger than the fleet means: here, that a
   * probe may be used 16 times.
   */
  #uses(nodes: number): number {
    const { capacity, probesPerQuery, removesPerQuery, reuseMargin } = poolDefaults
    const gain = (1 - capacity / nodes) * probesPerQuery - removesPerQuery
    const uses = gain > 0 ? Math.max(1, (1 + reuseMargin) / gain) : maxUses
    const whole = Math.floor(Math.min(maxUses, uses))
    return whole + (this.#rng() < Math.min(maxUses, uses) - whole ? 1 : 0)
  }
}

type Measure = 'inFlight' | 'latencyMs'

/** Whether `one` is less than `other` by the first measure, or as much and less by the second. */
function isBefore(
  one: Probe<unknown>,
  other: Probe<unknown>,
  first: Measure,
  second: Measure,
): boolean {
  return one[first] < other[first] || (one[first] === other[first] && one[second] < other[second])
}
