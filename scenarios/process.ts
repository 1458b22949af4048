import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Reaper } from './reaper.ts'

export type ProcessOptions = {
  /** What people call it, such as `proxy` or `anvil-2`. */
  readonly name: string
  readonly command: readonly [program: string, ...args: string[]]
  readonly reaper: Reaper
  /** Told each line of its standard output. */
  readonly onLine?: (line: string) => void
  /** Told each line of both its outputs. */
  readonly onSaid?: (line: string) => void
}

/** How a process ended, in words: `exit code 1`, `SIGKILL`, or why it could not be started. */
export type Ending = { readonly how: string; readonly code: number | null }

/** Lines kept of what it said last, and how much of a line. */
const keptLines = 20
const keptLineLength = 400

/**
 * One operating system process of a stack, started by this one and known to the reaper until it
 * has ended.
 *
 * It runs in a session of its own, so that a Ctrl-C on the terminal reaches this process alone,
 * which then ends the others in order.
 */
export class Process {
  readonly name: string
  /** The command line as a shell would take it. */
  readonly commandLine: string
  /** Settles once, when it has ended and all it said has been read; never rejects. */
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #lastWords: string[] = []
  #hasEnded = false

  constructor(options: ProcessOptions) {
    const [program, ...args] = options.command
    this.name = options.name
    this.commandLine = options.command.map(quoted).join(' ')
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const pid = this.#child.pid
    if (pid !== undefined) options.reaper.watch(pid)
    if (this.#child.stdout !== null) {
      readLines(this.#child.stdout, (line) => {
        options.onLine?.(line)
        options.onSaid?.(line)
      })
    }
    if (this.#child.stderr !== null) {
      readLines(this.#child.stderr, (line) => {
        options.onSaid?.(line)
        this.#lastWords.push(line.slice(0, keptLineLength))
        if (this.#lastWords.length > keptLines) this.#lastWords.shift()
      })
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#hasEnded = true
        if (pid !== undefined) options.reaper.unwatch(pid)
      })
      this.#child.once('error', (error) => {
        if (this.#child.pid !== undefined) return // It runs; a signal could not be sent.
        this.#hasEnded = true
        resolve({ how: `could not be started: ${error.message}`, code: null })
      })
      this.#child.once('close', (code, signal) => {
        resolve({ how: signal ?? `exit code ${code}`, code })
      })
    })
  }

  /** Its process id, or null once it has ended (or never began). */
  get pid(): number | null {
    return this.#hasEnded ? null : (this.#child.pid ?? null)
  }

  /** The last lines of its standard error, oldest first; at most 20. */
  get lastWords(): readonly string[] {
    return this.#lastWords
  }

  /** Asks it to end, and ends it after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<Ending> {
    if (this.pid === null) return this.ended
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    const ending = await this.ended
    clearTimeout(timer)
    return ending
  }

  /** Ends it as `kill -9` does. Resolves when it has ended. */
  kill(): Promise<Ending> {
    if (this.pid !== null) this.#child.kill('SIGKILL')
    return this.ended
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
