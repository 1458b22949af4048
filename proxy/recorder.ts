import { createWriteStream, type WriteStream } from 'node:fs'
import type { NodeReport } from '../agents/report.ts'
import type { Clock } from './clock.ts'
import { type RecordLine, recordVersion } from './record.ts'
import type { Work } from './state/work.ts'

/** Lines are gathered to so many characters before they are handed to the file. */
const chunkLength = 65_536

/** More than this is not kept for a disk that does not keep up: lines are lost, and counted. */
const maxQueuedBytes = 8_388_608

export type RecorderOptions = {
  readonly file: string
  /** The file grows to so many bytes, and then the record ends. */
  readonly maxBytes: number
  readonly strategy: string
  readonly nodes: readonly { readonly id: string; readonly cores: number | null }[]
  /** Wall clock now, ms since 1970. */
  readonly wallMs: number
}

/** What the proxy saw and decided, written to a file as `RecordLine`s for a replay to read. */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #clock: Clock
  readonly #log: (details: object, message: string) => void
  readonly #startedMs: number
  readonly #stream: WriteStream
  #chunk = ''
  #bytes = 0
  #lost = 0
  #isOver = false

  /** Begins a new file, in place of an old one. @param log is told how the record ends, once */
  constructor(
    options: RecorderOptions,
    clock: Clock,
    log: (details: object, message: string) => void,
  ) {
    const { file, strategy, nodes, wallMs } = options
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#startedMs = clock.nowMs()
    // What clients ask and how nodes fare is for the owner alone.
    this.#stream = createWriteStream(file, { mode: 0o600 })
    this.#stream.on('error', (error) => {
      this.#isOver = true
      log({ file, err: error }, 'the record ended: its file cannot be written')
    })
    const named = nodes.map(({ id, cores }) => ({ id, cores }))
    this.#write({ k: 'start', v: recordVersion, t: 0, wall: wallMs, strategy, nodes: named })
  }

  strategy(strategy: string): void {
    if (!this.#isOver) this.#write({ k: 'strategy', t: this.#at(this.#clock.nowMs()), strategy })
  }

  join({ id: node, cores }: { readonly id: string; readonly cores: number | null }): void {
    if (!this.#isOver) this.#write({ k: 'join', t: this.#at(this.#clock.nowMs()), node, cores })
  }

  leave(node: string): void {
    if (!this.#isOver) this.#write({ k: 'leave', t: this.#at(this.#clock.nowMs()), node })
  }

  /** A try of a call has ended now. See `RecordLine` for the figures; `fromMs` on the proxy's clock. */
  call(
    work: Work,
    fromMs: number,
    among: number,
    out: readonly string[] | undefined,
    node: string | null,
    heldMs: number,
    failed: boolean,
  ): void {
    if (this.#isOver) return
    const { key, kind, cpuMs, diskMs } = work
    const tookMs = Math.max(0, this.#clock.nowMs() - fromMs - heldMs)
    const t = this.#at(fromMs)
    const how = { key, kind, cpuMs, diskMs, among, ...(out === undefined ? {} : { out: [...out] }) }
    this.#write({ k: 'call', t, ...how, node, heldMs, tookMs, failed })
  }

  report(node: string, sent: number, report: NodeReport): void {
    if (this.#isOver) return
    this.#write({ k: 'report', t: this.#at(this.#clock.nowMs()), node, sent, report })
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    if (this.#lost > 0 && !this.#isOver) this.#write(this.#ending())
    this.#isOver = true
    this.#flush()
    const { promise, resolve } = Promise.withResolvers<void>()
    // A file that could not be written closes too.
    if (this.#stream.closed) resolve()
    else this.#stream.once('close', resolve)
    this.#stream.end()
    await promise
  }

  #at(nowMs: number): number {
    return Math.max(0, Math.round((nowMs - this.#startedMs) * 1000) / 1000)
  }

  #ending(): RecordLine {
    return { k: 'full', t: this.#at(this.#clock.nowMs()), lines: this.#lost }
  }

  #write(line: RecordLine): void {
    const text = `${JSON.stringify(line)}\n`
    const bytes = Buffer.byteLength(text)
    const { file, maxBytes } = this.#options
    if (this.#bytes + bytes > maxBytes) {
      this.#isOver = true
      this.#chunk += `${JSON.stringify(this.#ending())}\n`
      this.#flush()
      this.#stream.end()
      this.#log({ file, bytes: this.#bytes }, 'the record ended: it grew to its limit')
      return
    }
    if (this.#stream.writableLength > maxQueuedBytes) {
      this.#lost += 1
      return
    }
    this.#bytes += bytes
    this.#chunk += text
    if (this.#chunk.length >= chunkLength) this.#flush()
  }

  #flush(): void {
    if (this.#chunk !== '' && this.#stream.writable) this.#stream.write(this.#chunk)
    this.#chunk = ''
  }
}
