import type { IncomingMessage } from 'node:http'

/** What a request is to, as Go's net/http reads it. */
export type Target = {
  /** Of an absolute target, or else the header; absent in some HTTP/1.0. */
  readonly host: string | undefined
  /** As it was sent; no escape in it is decoded. */
  readonly path: string
  readonly hasQuery: boolean
}

const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)([^?]*)(?:\?(.*))?$/is

/** The target of a request: almost always `/` and the Host header. */
export function targetOf({ url = '/', headers }: IncomingMessage): Target {
  if (url === '/') return { host: headers.host, path: url, hasQuery: false }
  const whole = url.startsWith('/') ? null : absolute.exec(url)
  if (whole !== null) {
    const [, host = '', path = '', query = ''] = whole
    return { host: host === '' ? headers.host : host, path, hasQuery: query !== '' }
  }
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return { host: headers.host, path, hasQuery: at >= 0 && at < url.length - 1 }
}
