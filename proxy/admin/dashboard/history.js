/**
 * What the page remembers: a trail of states, counts for rates and shares, and a point a second
 * for the charts. All of it bounded, and gone with the page.
 */

export const trailMs = 30_000

/** Rates and shares are of the calls of the last so many milliseconds. */
const windowMs = 10_000

const sampleMs = 1000

/** Points in a chart: five minutes. */
export const maxSamples = 300

export class History {
  /** Seconds since 1970 of each sample. */
  times = []
  /** For each node, its samples: `calls` a second, `p99` in milliseconds; null where unknown. */
  series = new Map()
  #trails = new Map()
  #counts = []
  #sampledAtMs = Number.NEGATIVE_INFINITY

  /** Takes in one snapshot that came at `nowMs`. */
  add(snapshot, nowMs) {
    const before = this.#counts.at(-1)
    if (before && snapshot.uptimeSeconds < before.uptimeSeconds) this.#counts = [] // A new proxy.
    this.#counts.push({
      atMs: nowMs,
      uptimeSeconds: snapshot.uptimeSeconds,
      calls: snapshot.calls,
      failed: snapshot.failed,
      byNode: new Map(snapshot.nodes.map((node) => [node.id, node.calls])),
    })
    while (this.#counts[0].atMs < nowMs - windowMs) this.#counts.shift()
    this.#extendTrails(snapshot, nowMs)
    if (nowMs - this.#sampledAtMs >= sampleMs) {
      this.#sample(snapshot)
      this.#sampledAtMs = nowMs
    }
  }

  /** Calls and failures a second over the window; null before there are two counts. */
  rates() {
    return this.#perSecond((count) => [count.calls, count.failed])
  }

  /** This node's share of the calls that went to any node within the window; null when none did. */
  share(id) {
    const all = this.#grown((count) => sum(count.byNode.values()))
    return all > 0 ? this.#grown((count) => count.byNode.get(id) ?? 0) / all : null
  }

  /** Points `{ atMs, state }` of the last 30 s, oldest first. */
  trail(id) {
    return this.#trails.get(id) ?? []
  }

  #extendTrails({ nodes }, nowMs) {
    for (const { id, reported } of nodes) {
      const trail = this.#trails.get(id) ?? []
      if (reported) trail.push({ atMs: nowMs, state: reported })
      while (trail.length > 0 && trail[0].atMs < nowMs - trailMs) trail.shift()
      this.#trails.set(id, trail)
    }
    const present = new Set(nodes.map((node) => node.id))
    for (const id of this.#trails.keys()) if (!present.has(id)) this.#trails.delete(id)
  }

  #sample({ nodes }) {
    this.times.push(Date.now() / 1000)
    for (const { id } of nodes) {
      if (!this.series.has(id)) this.series.set(id, blank(this.times.length - 1))
    }
    for (const [id, lines] of this.series) {
      const node = nodes.find((each) => each.id === id)
      const rate = node && this.#recentRate(id)
      lines.calls.push(rate ?? null)
      lines.p99.push(node?.latencyMs?.p99 ?? null)
    }
    if (this.times.length <= maxSamples) return
    this.times.shift()
    for (const [id, lines] of this.series) {
      lines.calls.shift()
      lines.p99.shift()
      if (lines.calls.every((value) => value === null)) this.series.delete(id)
    }
  }

  /** Calls a second of one node over the last two seconds, smooth enough to draw. */
  #recentRate(id) {
    const last = this.#counts.at(-1)
    const first = this.#counts.find((count) => count.atMs >= last.atMs - 2 * sampleMs)
    if (first.atMs >= last.atMs || !first.byNode.has(id)) return null
    return ((last.byNode.get(id) - first.byNode.get(id)) * 1000) / (last.atMs - first.atMs)
  }

  #perSecond(read) {
    const [first, last] = [this.#counts[0], this.#counts.at(-1)]
    // Two that came at once tell no rate.
    if (!last || first.atMs >= last.atMs) return null
    const seconds = (last.atMs - first.atMs) / 1000
    const from = read(first)
    return read(last).map((value, i) => (value - from[i]) / seconds)
  }

  #grown(read) {
    const [first, last] = [this.#counts[0], this.#counts.at(-1)]
    return last ? read(last) - read(first) : 0
  }
}

function blank(length) {
  return { calls: new Array(length).fill(null), p99: new Array(length).fill(null) }
}

function sum(numbers) {
  return Array.from(numbers).reduce((total, n) => total + n, 0)
}
