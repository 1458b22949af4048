import type { IncomingHttpHeaders } from 'node:http'

/** Raw header lines, name and value in turn. */
type HeaderLines = readonly string[]

const none: HeaderLines = []
const varyByOrigin: HeaderLines = ['Vary', 'Origin']
const varyOfPreflight: HeaderLines = [
  'Vary',
  'Origin',
  'Vary',
  'Access-Control-Request-Method',
  'Vary',
  'Access-Control-Request-Headers',
]

const methods = new Set(['GET', 'POST'])

/** Seconds for which a browser may keep a preflight's answer (go-ethereum/node/rpcstack.go). */
const maxAgeSeconds = '600'

/**
 * Cross-origin headers as Geth sets them (rs/cors 1.7 with its options): none at all unless domains
 * are given. A foreign origin is served without the header that lets its page read the answer.
 */
export class Cors {
  readonly #enabled: boolean
  readonly #any: boolean
  readonly #domains: ReadonlySet<string>
  readonly #wildcards: readonly Wildcard[]

  constructor(domains: readonly string[]) {
    const lower = domains.map((domain) => domain.toLowerCase())
    this.#enabled = domains.length > 0
    this.#any = domains.includes('*')
    this.#domains = new Set(lower)
    this.#wildcards = lower.filter((domain) => domain.includes('*')).map(wildcardOf)
  }

  /** Headers of the answer to a preflight, or null when the request is none. */
  preflight(method: string | undefined, headers: IncomingHttpHeaders): HeaderLines | null {
    const requested = headers['access-control-request-method']
    if (!this.#enabled || method !== 'OPTIONS' || requested === undefined) return null
    const origin = headers.origin
    if (origin === undefined || !this.#allows(origin)) return varyOfPreflight
    if (!methods.has(requested.toUpperCase())) return varyOfPreflight
    const wanted = headers['access-control-request-headers'] ?? ''
    const allowed = wanted
      .split(/[ ,]/)
      .map(canonical)
      .filter((name) => name !== '')
    return [
      ...(allowed.length === 0 ? [] : ['Access-Control-Allow-Headers', allowed.join(', ')]),
      'Access-Control-Allow-Methods',
      requested.toUpperCase(),
      'Access-Control-Allow-Origin',
      this.#any ? '*' : origin,
      'Access-Control-Max-Age',
      maxAgeSeconds,
      ...varyOfPreflight,
    ]
  }

  /** Headers that any other answer bears. */
  actual(headers: IncomingHttpHeaders): HeaderLines {
    if (!this.#enabled) return none
    const origin = headers.origin
    if (origin === undefined || !this.#allows(origin)) return varyByOrigin
    return ['Access-Control-Allow-Origin', this.#any ? '*' : origin, ...varyByOrigin]
  }

  #allows(origin: string): boolean {
    if (this.#any) return true
    const lower = origin.toLowerCase()
    return this.#domains.has(lower) || this.#wildcards.some((wildcard) => matches(wildcard, lower))
  }
}

/** A domain with a star in it, which stands for any text: what must be before and behind that. */
type Wildcard = { readonly before: string; readonly behind: string }

function wildcardOf(domain: string): Wildcard {
  const star = domain.indexOf('*')
  return { before: domain.slice(0, star), behind: domain.slice(star + 1) }
}

function matches({ before, behind }: Wildcard, origin: string): boolean {
  const isLongEnough = origin.length >= before.length + behind.length
  return isLongEnough && origin.startsWith(before) && origin.endsWith(behind)
}

/** `content-type` → `Content-Type` (rs/cors, parseHeaderList). */
function canonical(name: string): string {
  return name
    .toLowerCase()
    .replace(/(^|[-_])[a-z]/g, (c) => c.toUpperCase())
    .replace(/[^\w-]/g, '')
}
