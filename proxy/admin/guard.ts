import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Why a request is refused, as the client is told. */
export type Refusal = { readonly status: 401 | 403; readonly error: string }

/** Whether only this machine can reach the address: 127.0.0.0/8, ::1 or `localhost`. */
export function isLoopback(addr: string): boolean {
  return addr === 'localhost' || addr === '::1' || (isIP(addr) === 4 && addr.startsWith('127.'))
}

/** Reading changes nothing, so only the other methods need to come from where we think. */
export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/**
 * Whether a page of another site made a browser send this. Programs that are no browsers send
 * neither header, and pass. `same-site` is foreign too: it is another port of the same host.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin } = headers
  return origin !== undefined && hostOf(origin) !== headers.host
}

/**
 * Whether a browser could have been led here by a name that was rebound to this address: a page of
 * `evil.example` sends that name as Host, and a name that is `localhost` or an IP cannot be rebound.
 */
export function isRebound({ headers }: IncomingMessage): boolean {
  if (headers.host === undefined) return false // HTTP/1.0: no browser.
  const name = hostnameOf(headers.host)
  return name !== 'localhost' && isIP(name) === 0
}

/** Whether the request carries the bearer token. Takes the same time for every wrong one. */
export function isBearer({ headers }: IncomingMessage, token: string): boolean {
  const [scheme = '', given = ''] = (headers.authorization ?? '').split(' ')
  return timingSafeEqual(digest(given), digest(token)) && scheme.toLowerCase() === 'bearer'
}

/** Of equal length for every text, as `timingSafeEqual` wants it. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function hostOf(origin: string): string | null {
  return URL.parse(origin)?.host ?? null
}

/** `[::1]:8550` → `::1`, `localhost:8550` → `localhost`. */
function hostnameOf(host: string): string {
  const ended = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.split(':')[0]
  return (ended ?? '').toLowerCase()
}
