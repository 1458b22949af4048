import type { KeptFile, KernelFiles } from './kept-file.ts'
import { ProcessGone } from './source.ts'

/**
 * `/proc/PID/stat` counts in ticks of USER_HZ, which Linux fixes at 100 a second on every processor
 * that Node runs on.
 */
const ticksPerS = 100

/** Fields of `/proc/PID/stat` after the name in parentheses, which itself may hold blanks. */
const stateField = 0
const userTimeField = 11
const systemTimeField = 12
const startTimeField = 19

/**
 * One live process, held by its open files, so that another that is given the same pid is not
 * mistaken for it.
 */
export class Process {
  readonly pid: number
  readonly #stat: KeptFile
  readonly #cgroup: KeptFile | undefined

  private constructor(pid: number, stat: KeptFile, cgroup: KeptFile | undefined) {
    this.pid = pid
    this.#stat = stat
    this.#cgroup = cgroup
  }

  /** Undefined when no such process runs, or `/proc` hides it. */
  static open(files: KernelFiles, procRoot: string, pid: number): Process | undefined {
    const stat = files.open(`${procRoot}/${pid}/stat`)
    if (stat === undefined) return undefined
    const process = new Process(pid, stat, files.open(`${procRoot}/${pid}/cgroup`))
    try {
      process.cpuUsageS()
    } catch (error) {
      process.close()
      if (error instanceof ProcessGone) return undefined
      throw error
    }
    return process
  }

  /**
   * CPU seconds, user and system, of all its threads, ended ones included.
   * @throws ProcessGone when it has ended, even if nobody has waited for it yet.
   */
  cpuUsageS(): number {
    const text = this.#stat.text() ?? ''
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const state = fields[stateField]
    // A zombie still has its files and its counters: it looks like a process that is idle.
    if (state === 'Z' || state === 'X' || state === 'x') throw new ProcessGone(`state ${state}`)
    return (Number(fields[userTimeField]) + Number(fields[systemTimeField])) / ticksPerS
  }

  /** The text of `/proc/PID/cgroup`, which changes when the process is moved; empty where unknown. */
  membership(): string {
    return this.#cgroup?.text() ?? ''
  }

  close(): void {
    this.#stat.close()
    this.#cgroup?.close()
  }
}

/** The pid of the parent; undefined when the process is not there. */
export function parentOf(files: KernelFiles, procRoot: string, pid: number): number | undefined {
  const text = files.once(`${procRoot}/${pid}/stat`)
  if (text === undefined) return undefined
  const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  return Number.isInteger(parent) ? parent : undefined
}

/** When a process began, in ticks since the host did; undefined when the process is not there. */
export function startedAtTicks(
  files: KernelFiles,
  procRoot: string,
  pid: number,
): number | undefined {
  const text = files.once(`${procRoot}/${pid}/stat`)
  if (text === undefined) return undefined
  const ticks = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[startTimeField])
  return Number.isInteger(ticks) ? ticks : undefined
}
