import { readdirSync, readFileSync } from 'node:fs'

/** CPU seconds of a process so far, all its threads, to the nanosecond; undefined when it has ended. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    let ns = 0
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0])
    }
    return ns / 1e9
  } catch {
    return undefined
  }
}

/** CPU seconds of every process whose name begins so, such as those of a container engine. */
export function cpuSecondsNamed(names: readonly string[]): number {
  let seconds = 0
  for (const pid of readdirSync('/proc').map(Number)) {
    if (!Number.isInteger(pid)) continue
    const name = nameOf(pid)
    if (names.some((start) => name.startsWith(start))) seconds += cpuSecondsOf(pid) ?? 0
  }
  return seconds
}

/** The kernel's name of a process, at most 15 characters; empty when it has ended. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
  } catch {
    return ''
  }
}
