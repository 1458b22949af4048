import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Geth's limit on a request's body, 5 MiB (go-ethereum/rpc/http.go, defaultBodyLimit). */
export const maxBodyBytes = 5_242_880

/** A request that is answered without looking at its body. `text` is empty or ends in a newline. */
export type Refusal = {
  readonly status: number
  readonly text: string
}

const notFound: Refusal = { status: 404, text: '' }
const healthy: Refusal = { status: 200, text: '' }
const badHost: Refusal = { status: 403, text: 'invalid host specified\n' }
const badMethod: Refusal = { status: 405, text: 'method not allowed\n' }
const badType: Refusal = {
  status: 415,
  text: 'invalid content type, only application/json is supported\n',
}

/** Whether the path is the one we serve: exactly `/`, or anything below the prefix, as in Geth. */
export function checkPath(url: string, prefix: string): Refusal | null {
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  const served = prefix === '' ? path === '/' : path.startsWith(prefix)
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

  constructor(names: readonly string[]) {
    this.#any = names.includes('*')
    this.#names = new Set(names.map((name) => name.toLowerCase()))
  }

  check(host: string | undefined): Refusal | null {
    if (host === undefined || host === '' || this.#any) return null
    const name = hostName(host)
    return isIP(name) !== 0 || this.#names.has(name) ? null : badHost
  }
}

/**
 * What Geth checks before it reads a body (go-ethereum/rpc/http.go, ServeHTTP and validateRequest),
 * in its order.
 */
export function checkRequest(request: IncomingMessage): Refusal | null {
  const { method, headers } = request
  const declared = headers['content-length']
  const hasBody = headers['transfer-encoding'] !== undefined || Number(declared ?? 0) > 0
  if (method === 'GET' && !hasBody && !hasQuery(request.url)) return healthy
  if (method === 'PUT' || method === 'DELETE') return badMethod
  const length = Number(declared ?? 0)
  if (length > maxBodyBytes) {
    return { status: 413, text: `content length too large (${length}>${maxBodyBytes})\n` }
  }
  if (method === 'OPTIONS') return null
  return isJsonType(headers['content-type']) ? null : badType
}

/**
 * Whether a body that nobody reads is too large to be skipped, so that the connection must end with
 * the answer (go/src/net/http/server.go, maxPostHandlerReadBytes).
 */
export function isTooLargeToSkip({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) >= maxSkippedBytes
}

const maxSkippedBytes = 262_144

function hasQuery(url: string | undefined): boolean {
  const at = url?.indexOf('?') ?? -1
  return at >= 0 && at < (url?.length ?? 0) - 1
}

function hostName(host: string): string {
  const lower = host.toLowerCase()
  if (lower.startsWith('[')) return lower.slice(1, lower.indexOf(']'))
  const colon = lower.lastIndexOf(':')
  return colon < 0 ? lower : lower.slice(0, colon)
}

const jsonTypes = new Set(['application/json', 'application/json-rpc', 'application/jsonrequest'])
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(
  `^\\s*;\\s*(?:${token}\\s*=\\s*(?:${token}|"(?:[^"\\\\]|\\\\.)*")\\s*)?`,
)

/** One of Geth's three types; parameters are ignored but must be well formed (mime.ParseMediaType). */
function isJsonType(header: string | undefined): boolean {
  if (header === 'application/json') return true
  if (header === undefined) return false
  const semicolon = header.indexOf(';')
  const type = semicolon < 0 ? header : header.slice(0, semicolon)
  if (!jsonTypes.has(type.trim().toLowerCase())) return false
  let rest = semicolon < 0 ? '' : header.slice(semicolon)
  while (rest !== '') {
    const match = parameter.exec(rest)
    if (match === null || match[0] === '') return false
    rest = rest.slice(match[0].length)
  }
  return true
}
