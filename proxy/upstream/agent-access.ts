import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** What is shown to an agent, and whom it must be known by. */
export type AgentCredentials = {
  /** Bearer token, or null. */
  readonly token: string | null
  /** PEM of the authority that signed agents' certificates, and of what is shown to them. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
}

/** Where they are read from. */
export type AgentFiles = {
  readonly tokenFile?: string | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** A file of credentials that is of no use. `key` is its key in {@link AgentFiles}. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  readonly key: keyof AgentFiles

  constructor(key: keyof AgentFiles, message: string) {
    super(message)
    this.key = key
  }
}

/**
 * What this proxy and its agents know each other by. The files are read anew each time, so that
 * tokens and certificates can be changed while it runs.
 */
export class AgentAccess {
  readonly #files: AgentFiles

  constructor(files: AgentFiles = {}) {
    this.#files = files
  }

  /** The token alone, or null. @throws CredentialsError when it cannot be read, or is empty */
  token(): string | null {
    const { tokenFile } = this.#files
    return tokenFile === undefined ? null : read('tokenFile', tokenFile).toString('utf8').trim()
  }

  /** @throws CredentialsError when one cannot be read, is empty, or does not go with the others */
  credentials(): AgentCredentials {
    const { cert, key } = this.#files
    if ((cert === undefined) !== (key === undefined)) {
      const missing = cert === undefined ? 'cert' : 'key'
      throw new CredentialsError(missing, 'needed, because the other is given')
    }
    const tls: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {}
    for (const name of ['ca', 'cert', 'key'] as const) {
      const file = this.#files[name]
      if (file === undefined) continue
      const pem = read(name, file)
      // OpenSSL passes over an authority that it cannot read.
      if (name !== 'key') check(name, file, () => new X509Certificate(pem))
      tls[name] = pem
    }
    if (cert !== undefined) check('cert', cert, () => createSecureContext(tls))
    return { token: this.token(), tls }
  }
}

function check(name: keyof AgentFiles, file: string, use: () => unknown): void {
  try {
    use()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CredentialsError(name, `${file} is of no use: ${why}`)
  }
}

function read(key: keyof AgentFiles, file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new CredentialsError(key, error instanceof Error ? error.message : String(error))
  }
  if (bytes.toString('latin1').trim() === '') throw new CredentialsError(key, `${file} is empty`)
  return bytes
}
