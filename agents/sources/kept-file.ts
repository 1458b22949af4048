import { closeSync, openSync, readSync } from 'node:fs'
import { ProcessGone } from './source.ts'

/** The longest record of any file we read (`memory.stat`, 5 kB) many times over. */
const bufferBytes = 65_536

/** A file that never ends would never stop us: `/proc/diskstats` of 1000 disks has 100 kB. */
const maxBytes = 4_194_304

/** Opening gives these for what the machine does not have or does not show us. */
const absences = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ESRCH', 'ENODEV', 'EOPNOTSUPP'])

/** Opens files of `/proc` and of the cgroup trees, which share one buffer: reads are synchronous. */
export class KernelFiles {
  readonly #buffer = Buffer.allocUnsafe(bufferBytes)

  /**
   * Undefined when the file is not there or not ours to read.
   * @throws Error what else `open` fails with, such as EMFILE.
   */
  open(path: string): KeptFile | undefined {
    try {
      return new KeptFile(openSync(path, 'r'), this.#buffer)
    } catch (error) {
      if (absences.has(codeOf(error))) return undefined
      throw error
    }
  }

  /** The whole of a file that is read once. Undefined as for {@link open} and when it has just ended. */
  once(path: string): string | undefined {
    const file = this.open(path)
    if (file === undefined) return undefined
    try {
      return file.whole()
    } catch (error) {
      if (error instanceof ProcessGone) return undefined
      throw error
    } finally {
      file.close()
    }
  }
}

/**
 * A file kept open and read again from its start: 0.5-4 µs where open, read and close take 5-8 µs,
 * and it stays bound to the process or group it was opened for, even when a pid is used again.
 */
export class KeptFile {
  readonly #fd: number
  readonly #buffer: Buffer
  #isOpen = true

  /** `buffer` is only used within a call, so many files may share it. */
  constructor(fd: number, buffer: Buffer) {
    this.#fd = fd
    this.#buffer = buffer
  }

  /**
   * What the kernel gives in one read: all of a file that is one record (`cpu.stat`, `stat`).
   * Undefined when this kernel does not tell it (PSI switched off, `io` of another user).
   * @throws ProcessGone when what the file tells of has ended.
   */
  text(): string | undefined {
    const bytes = this.#read(0)
    return bytes === undefined ? undefined : this.#buffer.toString('latin1', 0, bytes)
  }

  /**
   * Reads until the end: the kernel gives files of many records (`diskstats`, `cgroup.procs`) a page
   * at a time. Undefined and errors as for {@link text}.
   */
  whole(): string | undefined {
    let text = ''
    while (text.length < maxBytes) {
      const bytes = this.#read(text.length)
      if (bytes === undefined) return undefined
      if (bytes === 0) return text
      text += this.#buffer.toString('latin1', 0, bytes)
    }
    return text
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.#fd)
  }

  #read(position: number): number | undefined {
    try {
      return readSync(this.#fd, this.#buffer, 0, bufferBytes, position)
    } catch (error) {
      const code = codeOf(error)
      // A process that ended gives ESRCH, a group that was removed ENODEV.
      if (code === 'ESRCH' || code === 'ENODEV') throw new ProcessGone(code, { cause: error })
      if (code === 'EACCES' || code === 'EPERM' || code === 'EOPNOTSUPP') return undefined
      throw error
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return ''
}
