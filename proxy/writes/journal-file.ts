import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
} from 'node:fs/promises'
import { join } from 'node:path'
import { decodeLines, encodeLine, JournalDamage } from './journal-lines.ts'

const fileName = /^journal-(\d{8})\.log$/

/** Characters written at a time when the file is written anew: a millisecond's work. */
const partLength = 262_144

/**
 * An append-only file of records in a folder of its own. A record is kept once `append` has
 * resolved: power may fail then. Appends that come together share one sync of the disk.
 */
export class JournalFile {
  readonly #folder: string
  readonly #lock: FileHandle
  #number: number
  #file: FileHandle
  #bytes: number
  /** Of these, what the file holds. */
  #writtenBytes: number
  /** Lines that go to the disk together; null once that has begun. */
  #batch: Waiting[] | null = null
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  private constructor(
    folder: string,
    lock: FileHandle,
    number: number,
    file: FileHandle,
    bytes: number,
  ) {
    this.#folder = folder
    this.#lock = lock
    this.#number = number
    this.#file = file
    this.#bytes = bytes
    this.#writtenBytes = bytes
  }

  /**
   * Opens the journal in `folder`, which is made if it is not there, and reads what it holds.
   * @throws JournalDamage when its bytes are not what was written, or another process has it open
   */
  static async open(folder: string): Promise<{ file: JournalFile; records: unknown[] }> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const lock = await locked(join(folder, 'lock'))
    try {
      const numbers = (await readdir(folder)).flatMap((name) => fileName.exec(name)?.[1] ?? [])
      const number = Math.max(0, ...numbers.map(Number))
      const path = pathOf(folder, number)
      const bytes = numbers.length === 0 ? Buffer.alloc(0) : await readFile(path)
      const { records, goodBytes } = decoded(bytes, path)
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
      await file.truncate(goodBytes)
      let size = goodBytes
      // A last record that came without its newline gets it, so that the next stands on its own line.
      if (goodBytes > 0 && bytes[goodBytes - 1] !== 0x0a) {
        await file.write('\n', goodBytes)
        size += 1
      }
      await file.sync()
      await syncFolder(folder)
      for (const old of numbers.map(Number)) {
        if (old !== number) await rm(pathOf(folder, old), { force: true })
      }
      return { file: new JournalFile(folder, lock, number, file, size), records }
    } catch (error) {
      await lock.close()
      await rm(join(folder, 'lock'), { force: true })
      throw error
    }
  }

  /** Bytes of the file now, those on their way included. */
  get bytes(): number {
    return this.#bytes
  }

  /** Resolves once the record is on the disk. @throws Error when it cannot be written. */
  append(record: object): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the journal is closed'))
    const line = encodeLine(record)
    this.#bytes += Buffer.byteLength(line)
    return new Promise((resolve, reject) => {
      const waiting = { line, resolve, reject }
      if (this.#batch !== null) {
        this.#batch.push(waiting)
        return
      }
      const batch = [waiting]
      this.#batch = batch
      this.#writing = this.#writing.then(() => this.#write(batch))
    })
  }

  /**
   * Begins a new file with `records`, which stand for all that was appended before. They are drawn
   * while the file is written, a part at a time: what happens meanwhile may be among them, and is
   * appended behind them all the same.
   * @throws Error when it cannot be written; then all goes on in the old file
   */
  async compact(records: Iterable<object>): Promise<void> {
    const bytesBefore = this.#bytes
    // What is appended from here on belongs behind the snapshot: it must not join an earlier batch.
    this.#batch = null
    const compacting = this.#writing.then(async () => {
      const next = pathOf(this.#folder, this.#number + 1)
      const { file, bytes } = await this.#draft(next, records)
      await syncFolder(this.#folder)
      await this.#file.close()
      await rm(pathOf(this.#folder, this.#number), { force: true })
      this.#number += 1
      this.#file = file
      this.#bytes += bytes - bytesBefore
      this.#writtenBytes = bytes
    })
    this.#writing = compacting.catch(() => {})
    await compacting
  }

  /** Writes a file that stands under its name only once it is whole and on the disk. */
  async #draft(
    path: string,
    records: Iterable<object>,
  ): Promise<{ file: FileHandle; bytes: number }> {
    const draft = `${path}.draft`
    const file = await open(draft, 'w', 0o600)
    try {
      let bytes = 0
      let part = ''
      for (const record of records) {
        part += encodeLine(record)
        if (part.length < partLength) continue
        bytes += await writeAll(file, Buffer.from(part), bytes)
        part = ''
      }
      bytes += await writeAll(file, Buffer.from(part), bytes)
      await file.sync()
      await rename(draft, path)
      return { file, bytes }
    } catch (error) {
      await file.close()
      await rm(draft, { force: true })
      throw error
    }
  }

  /** Writes what waits, then lets the folder go. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await this.#file.close()
    await this.#lock.close()
    await rm(join(this.#folder, 'lock'), { force: true })
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#batch === batch) this.#batch = null
    const size = this.#writtenBytes
    const lines = Buffer.from(batch.map(({ line }) => line).join(''))
    try {
      await writeAll(this.#file, lines, size)
      await this.#file.datasync()
      this.#writtenBytes += lines.length
      for (const { resolve } of batch) resolve()
    } catch (error) {
      // The disk is full: half a line must not stand before the next one.
      await this.#file.truncate(size).catch(() => {}) // What is written next begins there anyhow.
      this.#bytes -= lines.length
      for (const { reject } of batch) reject(error)
    }
  }
}

type Waiting = {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A disk that is nearly full takes a part and calls that no error: the rest is tried until it is. */
async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
  return done
}

function decoded(bytes: Buffer, path: string): ReturnType<typeof decodeLines> {
  try {
    return decodeLines(bytes)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new JournalDamage(`${path}: ${problem}; move the file away to start without it`, {
      cause: error,
    })
  }
}

/** One process at a time: a lock left by a process that is no more is taken over. */
async function locked(path: string): Promise<FileHandle> {
  for (const attempt of [1, 2]) {
    try {
      const lock = await open(path, 'wx', 0o600)
      await lock.write(String(process.pid), 0)
      return lock
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
      const holder = Number(await readFile(path, 'utf8').catch(() => ''))
      if (attempt === 2 || isAlive(holder)) {
        throw new JournalDamage(`${path}: process ${holder} has this journal open`)
      }
      await rm(path, { force: true })
    }
  }
  throw new JournalDamage(`${path}: cannot be taken`)
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function pathOf(folder: string, number: number): string {
  return join(folder, `journal-${String(number).padStart(8, '0')}.log`)
}
