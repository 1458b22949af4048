import { readFileSync } from 'node:fs'

/** Whether the memory of another process can be read here. */
export const canReadMemory = process.platform === 'linux'

/** Bytes of a process in memory now (`VmRSS`), or the most that there ever were (`VmHWM`). */
export function memoryBytes(pid: number | undefined, member: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = new RegExp(`^${member}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  if (kilobytes === undefined) throw new Error(`no ${member} of process ${pid}`)
  return Number(kilobytes) * 1024
}
