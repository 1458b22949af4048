import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Files of a certificate for 127.0.0.1 and of its key. */
export type Certificate = { readonly cert: string; readonly key: string }

/** An authority with a folder of its own, removed when the test ends. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'equipoise-ca-'))
  readonly #own: Certificate

  constructor(t: TestContext, name = 'authority') {
    t.after(() => rmSync(this.#folder, { recursive: true }))
    this.#own = this.#make(name, [])
  }

  /** Its own certificate. */
  get ca(): string {
    return this.#own.cert
  }

  /** Signs one; the same name again replaces the files. */
  sign(name: string): Certificate {
    const { cert, key } = this.#own
    const isFor = ['-addext', 'subjectAltName=IP:127.0.0.1']
    return this.#make(name, ['-CA', cert, '-CAkey', key, ...isFor])
  }

  #make(name: string, more: readonly string[]): Certificate {
    const cert = join(this.#folder, `${name}.pem`)
    const key = join(this.#folder, `${name}.key`)
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`]
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, ...more], { stdio: 'pipe' })
    return { cert, key }
  }
}
