import { readFileSync, statSync } from 'node:fs'

/** A pid that a file named, and which writing of the file it was. */
export type Naming = { readonly pid: number; readonly version: string }

/** A pid file is a few bytes; what is longer is none. */
const maxBytes = 64

/** The file in which a node's process is named, and named again when the node is restarted. */
export class PidFile {
  readonly #path: string
  #version = ''
  #naming: Naming | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** What the file names now, read again when it was written; undefined when it names nothing. */
  current(): Naming | undefined {
    try {
      const { ino, mtimeMs, size } = statSync(this.#path)
      const version = `${ino}:${mtimeMs}:${size}`
      if (version === this.#version) return this.#naming
      const pid = size > maxBytes ? undefined : parsePid(readFileSync(this.#path, 'latin1').trim())
      this.#naming = pid === undefined ? undefined : { pid, version }
      this.#version = version
    } catch {
      // Not there, or not now: a restarted node writes it again.
      this.#version = ''
      this.#naming = undefined
    }
    return this.#naming
  }
}

/** A process id: 1 up to Linux's largest, 2²². Undefined for any other text. */
export function parsePid(text: string): number | undefined {
  if (!/^[1-9]\d{0,6}$/.test(text)) return undefined
  const pid = Number(text)
  return pid <= 4_194_304 ? pid : undefined
}
