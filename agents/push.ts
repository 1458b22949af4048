import { Client } from 'undici'
import type { Clock } from './clock.ts'
import { readTls, type TlsFiles } from './tls.ts'
import { readToken } from './token.ts'

/** What is shown to proxies that reports are pushed to. */
export type PushAccess = {
  /** File with the bearer token that the proxy asks for. */
  readonly tokenFile?: string
  readonly tls?: TlsFiles
}

/** Where reports are pushed to. */
export type PushConfig = PushAccess & { readonly urls: readonly URL[] }

/** After the first failure and at most, ms: the pause is anything between 0 and this (full jitter). */
const firstBackoffMs = 100
const maxBackoffMs = 5_000

/** A proxy that has not answered by then does not. */
const timeoutMs = 5_000
const connectTimeoutMs = 2_000

/** Of an answer, which says in words what is wrong, as much is read. */
const maxAnswerLength = 4_096

export type PushOptions = PushAccess & {
  /** The admin port of a proxy; `/v1/report` is below it. */
  readonly url: URL
  /** The report as it is now, one line. */
  readonly line: () => string
  readonly clock: Clock
  /** In [0, 1). */
  readonly rng?: () => number
  readonly log: (line: string) => void
}

/**
 * Sends reports to a proxy that cannot reach this agent. Nothing waits to be sent: one report is
 * under way at most, and what comes after a pause is the report of then, so that nothing is ever
 * sent twice and no memory is used up by a proxy that is away.
 */
export class Push {
  readonly #options: PushOptions
  readonly #aborter = new AbortController()
  #client: Client | undefined
  #underWay: Promise<void> | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #told = ''
  /** Reports that the proxy took, that it refused, and that it did not answer. */
  readonly counts = { taken: 0, refused: 0, failed: 0 }

  constructor(options: PushOptions) {
    this.#options = options
  }

  /** The proxy, as people see it. */
  get host(): string {
    return this.#options.url.host
  }

  /** Whether the last report was taken. */
  get isUp(): boolean {
    return this.counts.taken > 0 && this.#failures === 0
  }

  /** A report is due: sends it, unless one is under way or the proxy is given a pause. */
  offer(): void {
    const isPaused = this.#options.clock.nowMs() < this.#notBeforeMs
    if (isPaused || this.#underWay !== undefined || this.#aborter.signal.aborted) return
    this.#underWay = this.#send().finally(() => {
      this.#underWay = undefined
    })
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#aborter.abort()
    await this.#underWay
    await this.#client?.destroy()
  }

  async #send(): Promise<void> {
    try {
      const { status, text } = await this.#post(this.#options.line())
      if (status === 200) this.#taken(text)
      else {
        this.counts.refused += 1
        this.#failed(`HTTP ${status}${inWords(text, 'error')}`)
      }
    } catch (error) {
      if (this.#aborter.signal.aborted) return
      this.counts.failed += 1
      this.#failed(error instanceof Error ? error.message : String(error))
      // The next one is made with the certificates as they are then.
      await this.#client?.destroy()
      this.#client = undefined
    }
  }

  async #post(line: string): Promise<{ readonly status: number; readonly text: string }> {
    const { url, tokenFile } = this.#options
    this.#client ??= this.#connect()
    const token = tokenFile === undefined ? undefined : await readToken(tokenFile)
    const { statusCode: status, body } = await this.#client.request({
      path: `${url.pathname.replace(/\/$/, '')}/v1/report`,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: line,
      signal: AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(timeoutMs)]),
    })
    let text = ''
    for await (const chunk of body.setEncoding('utf8')) {
      text += chunk
      if (text.length > maxAnswerLength) throw new Error('an answer without an end')
    }
    return { status, text }
  }

  #connect(): Client {
    const { url, tls } = this.#options
    const { minVersion: _, ...files } = tls === undefined ? {} : readTls(tls)
    return new Client(url.origin, {
      allowH2: false,
      connect: { timeout: connectTimeoutMs, ...files },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
  }

  #taken(text: string): void {
    this.counts.taken += 1
    this.#failures = 0
    this.#tell(`reports are taken${inWords(text, 'unknown')}`)
  }

  #failed(why: string): void {
    const { clock, rng = Math.random } = this.#options
    const boundMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    this.#notBeforeMs = clock.nowMs() + rng() * boundMs
    this.#tell(why)
  }

  /** Once each: what happens four times a second is told when it changes. */
  #tell(what: string): void {
    if (what === this.#told) return
    this.#told = what
    this.#options.log(`push to ${this.host}: ${what}`)
  }
}

/** What a proxy's answer says under `name`, for people: nothing where it says nothing readable. */
function inWords(text: string, name: 'error' | 'unknown'): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return ''
  }
  if (typeof value !== 'object' || value === null) return ''
  const { error, unknown } = value as { readonly error?: unknown; readonly unknown?: unknown }
  if (name === 'error') return typeof error === 'string' ? `: ${oneLine(error)}` : ''
  if (!Array.isArray(unknown) || unknown.length === 0) return ''
  return `, but it has no ${oneLine(unknown.map(String).join(', '))}`
}

function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').slice(0, 200)
}
