import { Client } from 'undici'
import { type NodeReport, parseReport, type Report, ReportError } from '../../agents/report.ts'
import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import type { AgentCredentials } from './agent-access.ts'
import { NamedReports, takeReport } from './report-intake.ts'
import type { Upstream } from './upstream.ts'

/** Lines above this are no report: an agent's 1,024 nodes have some 600 bytes each. */
export const maxLineBytes = 1_048_576

const firstBackoffMs = 100
const maxBackoffMs = 5_000

/** A stream that says nothing for so long, or for three of its intervals, is dead. */
const defaultSilenceMs = 5_000
const maxSilenceMs = 600_000

/** Where one agent is and which upstreams it speaks for. */
export type AgentOptions = {
  readonly url: URL
  /** What is shown to it, and whom it must be known by; asked for each dial. */
  readonly credentials: () => AgentCredentials
  readonly upstreams: Iterable<Upstream>
  /** Told of each report; `sent` is the agent's wall clock, ms since 1970. */
  readonly onReport?: (upstream: Upstream, report: NodeReport, sent: number) => void
  /** Told when its stream can be read (null), and why not, each time that this changes. */
  readonly onTurn?: (problem: string | null) => void
  /** In place of 5 s. */
  readonly silenceMs?: number
}

/**
 * Reads one agent's stream of reports and hands each node's to its upstream, for as long as it
 * runs: an agent that is late, silent or gone is dialled again, with growing, jittered pauses, and
 * never takes a node out of the fleet.
 */
export class Collector {
  readonly url: URL
  /** The agent's own name, or its address before its first line. */
  host: string
  up = false
  reports = 0
  gaps = 0
  /** Lines that were no report, and why the last one was none. */
  refused = 0
  lastProblem: string | null = null
  #lastLineMs: number | null = null
  #seq: number | null = null
  #boot: number | null = null
  /** What was last said of its stream; at first nothing. */
  #told: string | null | undefined
  /** Between two lines, as the agent itself says. */
  #intervalMs = 0
  readonly #options: AgentOptions
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #aborter = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: AgentOptions, clock: Clock, rng: Rng) {
    this.url = options.url
    this.host = options.url.host
    this.#options = options
    this.#clock = clock
    this.#rng = rng
  }

  get reportAgeMs(): number | null {
    return this.#lastLineMs === null ? null : this.#clock.nowMs() - this.#lastLineMs
  }

  /** Begins to read; does not wait for the first line. */
  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#aborter.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#aborter
    let failures = 0
    while (!signal.aborted) {
      const before = this.reports
      try {
        await this.#stream()
        this.lastProblem = 'the agent ended its stream'
      } catch (error) {
        this.lastProblem = error instanceof Error ? error.message : String(error)
      }
      this.up = false
      if (!signal.aborted) this.#turn(this.lastProblem)
      failures = this.reports > before ? 0 : failures + 1
      const boundMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 10))
      await pause(boundMs * this.#rng(), signal)
    }
  }

  /** Reads one stream to its end. */
  async #stream(): Promise<void> {
    const { signal } = this.#aborter
    const { token, tls } = this.#options.credentials()
    const client = new Client(this.url.origin, {
      allowH2: false,
      connect: { timeout: 2_000, ...tls },
      headersTimeout: 5_000,
      bodyTimeout: 0,
    })
    const silence = new AbortController()
    let alarm = this.#alarm(silence)
    try {
      const { statusCode, body } = await client.request({
        path: `${this.url.pathname.replace(/\/$/, '')}/v1/stream`,
        method: 'GET',
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.any([signal, silence.signal]),
      })
      if (statusCode !== 200) throw new Error(`the agent answered HTTP ${statusCode}`)
      this.up = true
      this.#turn(null)
      let rest = ''
      for await (const chunk of body.setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        if (rest.length > maxLineBytes) throw new Error('a line without an end')
        for (const line of lines) if (line !== '') this.#take(line)
        clearTimeout(alarm)
        alarm = this.#alarm(silence)
      }
    } finally {
      clearTimeout(alarm)
      await client.destroy()
    }
  }

  #turn(problem: string | null): void {
    if (problem === this.#told) return
    this.#told = problem
    this.#options.onTurn?.(problem)
  }

  #alarm(silence: AbortController): NodeJS.Timeout {
    const { silenceMs = defaultSilenceMs } = this.#options
    const ms = Math.min(maxSilenceMs, Math.max(silenceMs, 3 * this.#intervalMs))
    const end = (): void => silence.abort(new Error(`the agent said nothing for ${ms} ms`))
    return setTimeout(end, ms).unref()
  }

  #take(line: string): void {
    const report = this.#parse(line)
    if (report === null || this.#isReplayed(report)) return
    this.reports += 1
    this.host = report.host
    this.#intervalMs = report.interval
    // A step back is an agent that was started again, not a gap.
    if (this.#seq !== null && report.seq > this.#seq) this.gaps += report.seq - this.#seq - 1
    this.#seq = report.seq
    this.#boot = report.boot ?? null
    const nowMs = this.#clock.nowMs()
    this.#lastLineMs = nowMs
    const named = new NamedReports(report.nodes)
    for (const upstream of this.#options.upstreams) {
      const node = named.of(upstream.reportedAs)
      if (node === undefined) continue
      takeReport(upstream, node, 'pulled', nowMs, report.t)
      this.#options.onReport?.(upstream, node, report.t)
    }
  }

  /** Of one run of an agent, a line from before the last is no news, whoever says it again. */
  #isReplayed({ boot, seq }: Report): boolean {
    if (boot === undefined || boot !== this.#boot || seq >= (this.#seq ?? 0)) return false
    this.refused += 1
    this.lastProblem = `line ${seq} came after line ${this.#seq}`
    return true
  }

  #parse(line: string): Report | null {
    try {
      return parseReport(JSON.parse(line))
    } catch (error) {
      if (!(error instanceof ReportError || error instanceof SyntaxError)) throw error
      this.refused += 1
      this.lastProblem = error.message
      return null
    }
  }
}

/** Resolves after `ms`, or at once when the signal fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms).unref()
    signal.addEventListener('abort', end)
  })
}
