import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Geth's limit on a request's body, 5 MiB (go-ethereum/rpc/http.go, defaultBodyLimit). */
export const maxBodyBytes = 5_242_880

/** A request that is answered without looking at its body. `text` is empty or ends in a newline. */
export type Refusal = {
  readonly status: number
  readonly text: string
  /** Name and value in turn. */
  readonly headers?: readonly string[]
  /** Said outside of Geth's compressor. */
  readonly isPlain?: boolean
}

const notFound: Refusal = { status: 404, text: '', isPlain: true }
const healthy: Refusal = { status: 200, text: '' }
const badHost: Refusal = { status: 403, text: 'invalid host specified\n' }
const badMethod: Refusal = { status: 405, text: 'method not allowed\n' }
const badType: Refusal = {
  status: 415,
  text: 'invalid content type, only application/json is supported\n',
}

/**
 * Whether the path is the one we serve: exactly `/`, or anything below the prefix, as in Geth.
 * @param prefix null where nothing is served
 */
export function checkPath(path: string, prefix: string | null): Refusal | null {
  const served = prefix === '' ? path === '/' : prefix !== null && path.startsWith(prefix)
  return served ? null : notFound
}

/**
 * Whether the Host is one of ours (go-ethereum/node/rpcstack.go, virtualHostHandler): an IP always,
 * none always, a name when it is listed or the list holds `*`. Keeps pages from reaching a node on
 * loopback by a name that they let resolve to it.
 */
export class VirtualHosts {
  readonly #any: boolean
  readonly #names: ReadonlySet<string>
  readonly #foldsHosts: boolean
  /** The last one that passed: a client's requests all name the same. */
  #last = ''

  /** @param foldsHosts whether the case of a Host does not matter */
  constructor(names: readonly string[], foldsHosts: boolean) {
    this.#foldsHosts = foldsHosts
    this.#any = names.includes('*')
    this.#names = new Set(names.map((name) => name.toLowerCase()))
  }

  check(host: string | undefined): Refusal | null {
    if (host === undefined || host === '' || host === this.#last || this.#any) return null
    const name = hostName(this.#foldsHosts ? host.toLowerCase() : host)
    // Go knows no zones.
    const isAddress = isIP(name) !== 0 && !name.includes('%')
    if (!isAddress && !this.#names.has(name)) return badHost
    this.#last = host
    return null
  }
}

/**
 * What Geth checks before it reads a body (go-ethereum/rpc/http.go, ServeHTTP and validateRequest),
 * in its order.
 */
export function checkRequest(request: IncomingMessage, hasQuery: boolean): Refusal | null {
  const { method, headers } = request
  const declared = headers['content-length']
  const hasBody = headers['transfer-encoding'] !== undefined || Number(declared ?? 0) > 0
  if (method === 'GET' && !hasBody && !hasQuery) return healthy
  if (method === 'PUT' || method === 'DELETE') return badMethod
  if (Number(declared ?? 0) > maxBodyBytes) {
    // Up to 2^63 − 1 it is said exactly, so not as a number.
    const length = BigInt(declared ?? 0)
    return { status: 413, text: `content length too large (${length}>${maxBodyBytes})\n` }
  }
  if (method === 'OPTIONS') return null
  return isJsonType(headers['content-type']) ? null : badType
}

/**
 * What nobody wants of a body is skipped when it is less than this; otherwise the connection ends
 * with the answer (go/src/net/http/server.go, maxPostHandlerReadBytes).
 */
export const maxSkippedBytes = 262_144

/**
 * The name in a Host, without its port (go/src/net/net.go, SplitHostPort): brackets come off only
 * where a port follows, and what has more than one colon is taken whole.
 */
function hostName(host: string): string {
  const bracketed = /^\[([^[\]]*)\]:[^:[\]]*$/.exec(host)
  if (bracketed !== null) return bracketed[1] ?? ''
  const named = /^([^:[\]]*):[^:[\]]*$/.exec(host)
  return named?.[1] ?? host
}

const jsonTypes = new Set(['application/json', 'application/json-rpc', 'application/jsonrequest'])
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(
  `^\\s*;\\s*(${token})\\s*=\\s*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")\\s*`,
)

/** One of Geth's three types; parameters are ignored but must be well formed (mime.ParseMediaType). */
function isJsonType(header: string | undefined): boolean {
  if (header === 'application/json') return true
  if (header === undefined) return false
  const semicolon = header.indexOf(';')
  const type = semicolon < 0 ? header : header.slice(0, semicolon)
  if (!jsonTypes.has(type.trim().toLowerCase())) return false
  let rest = semicolon < 0 ? '' : header.slice(semicolon)
  const seen = new Map<string, string>()
  // A semicolon at the very end begins nothing.
  while (rest.trim() !== '' && rest.trim() !== ';') {
    const match = parameter.exec(rest)
    if (match === null) return false
    const [whole, name = '', plain, quoted = ''] = match
    const value = plain ?? quoted.replace(/\\(.)/g, '$1')
    const key = name.toLowerCase()
    if ((seen.get(key) ?? value) !== value) return false
    seen.set(key, value)
    rest = rest.slice(whole.length)
  }
  return true
}
