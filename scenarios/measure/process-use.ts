import { readFile } from 'node:fs/promises'

/** Bytes of memory that a process holds; null where there is no `/proc`, or no such process. */
export async function residentBytes(pid: number): Promise<number | null> {
  let status: string
  try {
    status = await readFile(`/proc/${pid}/status`, 'utf8')
  } catch {
    return null
  }
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}
