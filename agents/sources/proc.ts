import { readlinkSync } from 'node:fs'
import type { KeptFile, KernelFiles } from './kept-file.ts'
import { countOfList, field, fieldInKb, textField } from './kernel-text.ts'
import { Pace } from './pace.ts'
import { lowerCpus } from './quota.ts'
import type { Gauge, Sample } from './source.ts'

/**
 * What `/proc/PID` tells of the process itself, its children left out. Fills in only what no gauge
 * before it has: a group's own figures are better.
 */
export class ProcFiles implements Gauge {
  readonly #status: KeptFile | undefined
  readonly #io: KeptFile | undefined
  readonly #netDev: KeptFile | undefined
  readonly #pace = new Pace()
  #cpus: number | undefined

  constructor(files: KernelFiles, procRoot: string, pid: number) {
    this.#status = files.open(`${procRoot}/${pid}/status`)
    this.#io = files.open(`${procRoot}/${pid}/io`)
    this.#netDev = hasOwnNetwork(procRoot, pid)
      ? files.open(`${procRoot}/${pid}/net/dev`)
      : undefined
  }

  read(into: Sample): void {
    // A group tells its memory better; then there is only what people change.
    if (into.memCurrentBytes === undefined || this.#pace.isDue(into.atMs)) {
      const status = this.#status?.text() ?? ''
      this.#cpus = countOfList(textField(status, 'Cpus_allowed_list'))
      if (into.memCurrentBytes === undefined) readMemory(status, into)
    }
    lowerCpus(into, this.#cpus)
    if (into.diskBytes === undefined) readDisk(this.#io?.text(), into)
    const netBytes = netBytesOf(this.#netDev?.whole())
    if (netBytes !== undefined) into.netBytes = netBytes
  }

  close(): void {
    this.#status?.close()
    this.#io?.close()
    this.#netDev?.close()
  }
}

/** Mapped files are page cache: what the process needs is the rest. */
function readMemory(status: string, into: Sample): void {
  const residentBytes = fieldInKb(status, 'VmRSS')
  const fileBytes = fieldInKb(status, 'RssFile')
  if (residentBytes !== undefined) into.memCurrentBytes = residentBytes
  if (fileBytes !== undefined) into.memFileBytes = fileBytes
}

/** What reached the disk, not what the page cache gave. The kernel shows it to root and the owner. */
function readDisk(io: string | undefined, into: Sample): void {
  const readBytes = field(io ?? '', 'read_bytes:')
  const writtenBytes = field(io ?? '', 'write_bytes:')
  if (readBytes !== undefined && writtenBytes !== undefined) {
    into.diskBytes = readBytes + writtenBytes
  }
}

/**
 * In the host's network namespace `net/dev` counts everybody's traffic. Namespaces that we may not
 * see (they take the rights of a debugger) count as the host's: nothing is told.
 */
function hasOwnNetwork(procRoot: string, pid: number): boolean {
  const own = networkOf(procRoot, pid)
  if (own === undefined) return false
  const others = [networkOf(procRoot, 1), networkOf(procRoot, 'self')]
  return others.some((other) => other !== undefined) && !others.includes(own)
}

function networkOf(procRoot: string, pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`${procRoot}/${pid}/ns/net`)
  } catch {
    return undefined // Not there or not ours to see: the same to us.
  }
}

/** Bytes received and sent by all devices but the loopback. */
function netBytesOf(netDev: string | undefined): number | undefined {
  if (netDev === undefined) return undefined
  let bytes = 0
  for (const line of netDev.split('\n').slice(2)) {
    const [name, numbers] = line.split(':')
    if (numbers === undefined || name?.trim() === 'lo') continue
    const columns = numbers.trim().split(/\s+/)
    bytes += Number(columns[0]) + Number(columns[8])
  }
  return Number.isFinite(bytes) ? bytes : undefined
}
