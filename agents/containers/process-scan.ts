import { readdirSync } from 'node:fs'
import type { KernelFiles } from '../sources/kept-file.ts'
import { startedAtTicks } from '../sources/process.ts'
import { containerIdIn } from './container.ts'

/** More processes than this are not looked through. */
const maxProcesses = 65_536

/**
 * The containers that run on this host, and the first process of each, found by what
 * `/proc/PID/cgroup` says of every process: 6 µs each, and no rights are needed. In a cgroup
 * namespace of our own, where that path begins with `/..`, it still ends in the id.
 */
export function scanForContainers(
  files: KernelFiles,
  procRoot: string,
): ReadonlyMap<string, number> {
  const found = new Map<string, { readonly pid: number; readonly ticks: number }>()
  for (const pid of pidsIn(procRoot)) {
    const id = containerIdIn(files.once(`${procRoot}/${pid}/cgroup`) ?? '')
    if (id === undefined) continue
    const ticks = startedAtTicks(files, procRoot, pid)
    if (ticks === undefined) continue
    const other = found.get(id)
    // The first process of a container began before all others in it, those of `exec` included.
    if (other === undefined || ticks < other.ticks) found.set(id, { pid, ticks })
  }
  return new Map([...found].map(([id, { pid }]) => [id, pid]))
}

function pidsIn(procRoot: string): readonly number[] {
  const pids: number[] = []
  for (const name of readdirSync(procRoot)) {
    const pid = Number(name)
    if (Number.isInteger(pid) && pid > 0) pids.push(pid)
  }
  return pids.sort((a, b) => a - b).slice(0, maxProcesses)
}
