import { readdirSync } from 'node:fs'
import type { KeptFile, KernelFiles } from './kept-file.ts'
import { type Gauge, ProcessGone, type Sample } from './source.ts'

/** Beyond this many threads nothing is told, rather than too little. Geth has some tens. */
const maxThreads = 512

type Thread = { readonly file: KeptFile; waitNs: number }

/**
 * Time that the threads of one process waited for a CPU while they could have run, from
 * `/proc/PID/task/TID/schedstat`: the substitute for pressure where there is none.
 */
export class RunQueue implements Gauge {
  readonly #files: KernelFiles
  readonly #dir: string
  readonly #threads = new Map<string, Thread>()
  #totalNs = 0
  #isFirst = true

  constructor(files: KernelFiles, procRoot: string, pid: number) {
    this.#files = files
    this.#dir = `${procRoot}/${pid}/task`
  }

  read(into: Sample): void {
    const tids = this.#tids()
    if (tids.length > maxThreads) this.close()
    else for (const tid of tids) if (!this.#threads.has(tid)) this.#meet(tid)
    for (const [tid, thread] of this.#threads) this.#add(tid, thread)
    this.#isFirst = this.#threads.size === 0
    if (!this.#isFirst) into.runQueueWaitS = this.#totalNs / 1e9
  }

  close(): void {
    for (const { file } of this.#threads.values()) file.close()
    this.#threads.clear()
  }

  #tids(): readonly string[] {
    try {
      return readdirSync(this.#dir)
    } catch {
      return [] // The process has ended, which the reading of its own files tells.
    }
  }

  /** A thread met after the first reading began since the last one, so that all its wait is new. */
  #meet(tid: string): void {
    const file = this.#files.open(`${this.#dir}/${tid}/schedstat`)
    if (file === undefined) return
    this.#threads.set(tid, { file, waitNs: this.#isFirst ? (waitNsOf(file) ?? 0) : 0 })
  }

  #add(tid: string, thread: Thread): void {
    const waitNs = waitNsOf(thread.file)
    if (waitNs === undefined) {
      thread.file.close()
      this.#threads.delete(tid)
      return
    }
    this.#totalNs += Math.max(0, waitNs - thread.waitNs)
    thread.waitNs = waitNs
  }
}

/** The second number; undefined for a thread that has ended, and where the kernel counts nothing. */
function waitNsOf(file: KeptFile): number | undefined {
  try {
    const [ranNs, waitNs, slices] = file.text()?.split(' ').map(Number) ?? []
    // A thread has run, waits to run, or is not counted.
    return ranNs === 0 && waitNs === 0 && slices === 0 ? undefined : waitNs
  } catch (error) {
    if (error instanceof ProcessGone) return undefined
    throw error
  }
}
