import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program of this repository as a process of its own, ended with the test that started it. */
export class RunningProgram {
  readonly #child: ChildProcess
  readonly #lines: Interface

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines
  }

  /** @param path relative to `proxy/` */
  static start(path: string, args: readonly string[]): RunningProgram {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url))
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return new RunningProgram(child, createInterface({ input: child.stdout }))
  }

  /** The next line that it prints; rejects when it ends instead. */
  async line(): Promise<string> {
    const over = new AbortController()
    const { signal } = over
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`ended with exit code ${code}`)
    })
    try {
      const [line] = await Promise.race([once(this.#lines, 'line', { signal }), ended])
      return String(line)
    } finally {
      over.abort()
      ended.catch(() => {})
    }
  }

  /** A member of `/proc/PID/status` in bytes, such as `VmHWM`, the most that was ever resident. */
  memoryBytes(member: 'VmHWM' | 'VmRSS'): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    const [, kilobytes] = new RegExp(`^${member}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
    if (kilobytes === undefined) throw new Error(`no ${member} in /proc`)
    return Number(kilobytes) * 1024
  }

  /** Ends it and waits until it is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
