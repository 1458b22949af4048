import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** Certificates in PEM, by file. */
export type TlsFiles = {
  /** What this side shows, with what links it to its authority. */
  readonly cert?: string
  readonly key?: string
  /** The authority that must have signed what the other side shows. */
  readonly ca?: string
}

/** Names of the files, in the order in which they are looked at. */
export const tlsNames = ['cert', 'key', 'ca'] as const

/** Certificates are renewed by writing their files anew; these are looked at so often, ms. */
const lookEveryMs = 10_000

/**
 * Reads the files and checks that they fit together.
 * @throws Error in words, with `file` where one of them is the reason
 */
export function readTls(files: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = { minVersion: 'TLSv1.2' }
  for (const name of tlsNames) {
    const file = files[name]
    if (file !== undefined) options[name] = readPem(file, name)
  }
  createSecureContext(options)
  return options
}

function readPem(file: string, name: (typeof tlsNames)[number]): Buffer {
  const bytes = readFileSync(file)
  // OpenSSL passes over an authority that it cannot read, and would then trust nobody, or all.
  if (name !== 'key') new X509Certificate(bytes)
  return bytes
}

/** What is wrong with the files, one line each; `flag` is what their names are told after: `--tls`. */
export function problemsOfTls(flag: string, files: TlsFiles): readonly string[] {
  const { cert, key } = files
  if ((cert === undefined) !== (key === undefined)) {
    return [`${flag}.${cert === undefined ? 'cert' : 'key'}: needed, because the other is given`]
  }
  const problems: string[] = []
  for (const name of tlsNames) {
    const file = files[name]
    if (file === undefined) continue
    try {
      readPem(file, name)
    } catch (error) {
      problems.push(`${flag}.${name} ${file}: ${reasonOf(error)}`)
    }
  }
  if (problems.length > 0) return problems
  try {
    readTls(files)
    return []
  } catch (error) {
    return [`${flag}.cert ${cert}: does not go with ${flag}.key ${key} (${reasonOf(error)})`]
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return /^E[A-Z]+$/.test(code) ? `cannot be read (${code})` : 'is no PEM that can be read'
}

/** Gives a running server new certificates when their files are written; bad ones change nothing. */
export class TlsRenewal {
  readonly #server: Pick<Server, 'setSecureContext'>
  readonly #files: TlsFiles
  readonly #log: (line: string) => void
  readonly #timer: NodeJS.Timeout
  #stamp: string

  constructor(
    server: Pick<Server, 'setSecureContext'>,
    files: TlsFiles,
    log: (line: string) => void,
  ) {
    this.#server = server
    this.#files = files
    this.#log = log
    this.#stamp = stampOf(files)
    this.#timer = setInterval(() => this.look(), lookEveryMs).unref()
  }

  /** Looks whether the files are others than before. */
  look(): void {
    const stamp = stampOf(this.#files)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    try {
      this.#server.setSecureContext(readTls(this.#files))
      this.#log('the certificates were renewed')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#log(`the certificates stay as they were: ${why}`)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** Changes when one of the files is written or replaced. */
function stampOf(files: TlsFiles): string {
  return tlsNames
    .map((name) => {
      const file = files[name]
      const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })
      return stat === undefined ? '-' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    })
    .join()
}
