import { Process } from './process.ts'
import type { Reaper } from './reaper.ts'

const startTimeoutMs = 30_000
const stopGraceMs = 3_000

/** One of our own programs, started through its command line and known to listen. */
export class Service {
  readonly #name: string
  readonly #command: readonly [string, ...string[]]
  readonly #reaper: Reaper
  readonly #onDied: (text: string) => void
  #process: Process | null = null
  #isClosing = false

  /** @param onDied it ended by itself after it had started, said in words */
  constructor(
    name: string,
    command: readonly [string, ...string[]],
    reaper: Reaper,
    onDied: (text: string) => void,
  ) {
    this.#name = name
    this.#command = command
    this.#reaper = reaper
    this.#onDied = onDied
  }

  get commandLine(): string {
    return this.#process?.commandLine ?? this.#command.join(' ')
  }

  /** @throws Error when it does not run */
  get pid(): number {
    const pid = this.#process?.pid ?? null
    if (pid === null) throw new Error(`${this.#name} does not run`)
    return pid
  }

  /**
   * Resolves when it says that it listens.
   * @throws Error with its last words when it ends before
   */
  async start(): Promise<void> {
    const { promise: listening, resolve } = Promise.withResolvers<null>()
    const process = new Process({
      name: this.#name,
      command: this.#command,
      reaper: this.#reaper,
      onLine: (line) => {
        if (/^equipoise\S* listening on /.test(line)) resolve(null)
      },
    })
    this.#process = process
    const timer = setTimeout(() => void process.kill(), startTimeoutMs)
    const ending = await Promise.race([listening, process.ended])
    clearTimeout(timer)
    if (ending !== null) throw new Error(this.#obituary(process, ending.how))
    void process.ended.then(({ how }) => {
      if (!this.#isClosing) this.#onDied(this.#obituary(process, how))
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#process?.stop(stopGraceMs)
  }

  #obituary({ lastWords }: Process, how: string): string {
    const words = lastWords.length === 0 ? '' : `; it said: ${lastWords.slice(-3).join(' | ')}`
    return `the ${this.#name} ended: ${how}${words}`
  }
}
