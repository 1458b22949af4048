import { z } from 'zod'

/** What the line shows of `GET /api/fleet`. */
const fleetSchema = z.object({
  head: z.number().nullable(),
  calls: z.number(),
  nodes: z.array(
    z.object({
      id: z.string(),
      health: z.string(),
      calls: z.number(),
      inFlight: z.number(),
      latencyMs: z.object({ p50: z.number(), p99: z.number() }).nullable(),
      reported: z.record(z.string(), z.number()).nullable(),
    }),
  ),
})

type FleetState = z.output<typeof fleetSchema>

type Output = {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const eraseLine = '\r\u001b[2K'
const fetchTimeoutMs = 900

/** One line about a running stack: redrawn in place on a terminal, one a second in a pipe. */
export class StatusLine {
  readonly #output: Output
  #last: { readonly fleet: FleetState; readonly atMs: number } | null = null
  #isDrawn = false
  #isClosed = false

  constructor(output: Output) {
    this.#output = output
  }

  /** Says something that stays, above the line. */
  say(text: string): void {
    this.#clear()
    this.#output.write(`${text}\n`)
  }

  /** Asks the proxy and shows what it says. Never rejects: that it does not answer is shown too. */
  async show(adminUrl: string): Promise<void> {
    const line = await this.#line(adminUrl)
    if (this.#isClosed) return
    if (this.#output.isTTY !== true) {
      this.#output.write(`${line}\n`)
      return
    }
    this.#clear()
    this.#output.write(line.slice(0, (this.#output.columns ?? 80) - 1))
    this.#isDrawn = true
  }

  close(): void {
    this.#isClosed = true
    this.#clear()
  }

  #clear(): void {
    if (this.#isDrawn) this.#output.write(eraseLine)
    this.#isDrawn = false
  }

  async #line(adminUrl: string): Promise<string> {
    try {
      const signal = AbortSignal.timeout(fetchTimeoutMs)
      const response = await fetch(`${adminUrl}/api/fleet`, { signal })
      const fleet = fleetSchema.parse(await response.json())
      const before = this.#last ?? { fleet, atMs: performance.now() - 1_000 }
      this.#last = { fleet, atMs: performance.now() }
      return lineOf(fleet, before.fleet, (this.#last.atMs - before.atMs) / 1_000)
    } catch (error) {
      return `no word from the proxy: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/**
 * `block 12 · 301 calls/s · anvil-1 33 % cpu 12 % 1.2/3.4 ms · …`, from two looks at the fleet: each
 * node's share of the calls since the last, its CPU, and p50/p99 of its round trips in the last minute.
 */
export function lineOf(now: FleetState, before: FleetState, seconds: number): string {
  const calls = now.nodes.map(
    (node) => node.calls - (before.nodes.find(({ id }) => id === node.id)?.calls ?? 0),
  )
  const all = calls.reduce((sum, n) => sum + n, 0)
  const nodes = now.nodes.map(({ id, health, latencyMs, reported }, i) => {
    if (health !== 'up') return `${id} ${health}`
    const share = all === 0 ? '–' : `${Math.round(((calls[i] ?? 0) / all) * 100)} %`
    const cpu = reported?.['cpu'] === undefined ? '' : ` cpu ${Math.round(reported['cpu'] * 100)} %`
    const times =
      latencyMs === null ? '' : ` ${latencyMs.p50.toFixed(1)}/${latencyMs.p99.toFixed(1)} ms`
    return `${id} ${share}${cpu}${times}`
  })
  const rate = Math.round((now.calls - before.calls) / seconds)
  return [`block ${now.head ?? '–'}`, `${rate} calls/s`, ...nodes].join(' · ')
}
