/** What the head of a node's answer says of how it is read. */
export type ResponseHead = {
  readonly status: number
  /** Of those that matter here, by lower-case name. */
  readonly headers: {
    readonly 'content-length'?: string
    readonly 'transfer-encoding'?: string
    /** What the node says of its load; see orca-header.ts. */
    readonly 'endpoint-load-metrics'?: string
    readonly 'endpoint-load-metrics-bin'?: string
  }
  /** Bytes of the body; null where chunks or the end of the connection end it. */
  readonly bytes: number | null
  readonly isChunked: boolean
  /** Whether another request may follow on the connection. */
  readonly keeps: boolean
  /** How long the node promises to keep it idle, milliseconds; null where it says nothing. */
  readonly keptForMs: number | null
}

/** A status line and header lines, each well formed and on one line (RFC 9112, sections 4 and 5). */
const wellFormed =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [^\r\n\0]*)?(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*)*$/

/**
 * Reads a head, without the empty line at its end. What would let two readers see two different
 * bodies is refused: lengths that differ, a length beside chunks, a coding that is not chunks alone.
 * @throws Error in words where it is no head
 */
export function parseHead(text: string): ResponseHead {
  if (!wellFormed.test(text)) throw new Error('a broken HTTP head')
  const status = Number(text.slice(9, 12))
  let length: string | null = null
  let coding: string | null = null
  let connection = ''
  let keptForMs: number | null = null
  let load: { 'endpoint-load-metrics'?: string; 'endpoint-load-metrics-bin'?: string } | null = null
  let at = text.indexOf('\r\n')
  while (at >= 0) {
    const start = at + 2
    at = text.indexOf('\r\n', start)
    const colon = text.indexOf(':', start)
    const nameLength = colon - start
    // `connection` and `keep-alive`, `content-length`, `transfer-encoding`, and those of a load
    // report: no other name is read.
    if (nameLength !== 10 && nameLength !== 14 && nameLength !== 17) {
      if (nameLength !== 21 && nameLength !== 25) continue
    }
    const value = text.slice(colon + 1, at < 0 ? text.length : at).trim()
    const name = text.slice(start, colon).toLowerCase()
    switch (name) {
      case 'content-length':
        if (length !== null && length !== value) throw new Error('two lengths')
        length = value
        break
      case 'transfer-encoding':
        if (coding !== null) throw new Error('two transfer codings')
        coding = value.toLowerCase()
        break
      case 'connection':
        connection += `${value.toLowerCase()},`
        break
      case 'keep-alive':
        keptForMs = Number(/(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1] ?? Number.NaN) * 1000
        if (Number.isNaN(keptForMs)) keptForMs = null
        break
      case 'endpoint-load-metrics':
      case 'endpoint-load-metrics-bin': {
        load ??= {}
        const before = load[name]
        // Of two, nobody knows which is meant: together they are none that can be read.
        load[name] = before === undefined ? value : `${before}, ${value}`
      }
    }
  }
  if (length !== null && !/^\d{1,15}$/.test(length)) throw new Error('a length that is no number')
  if (coding !== null && coding !== 'chunked') throw new Error('an unknown transfer coding')
  if (coding !== null && length !== null) throw new Error('a length beside chunks')
  const isBodiless = status === 204 || status === 304 || status < 200
  const bytes = isBodiless ? 0 : length === null ? null : Number(length)
  const hasEnd = isBodiless || coding !== null || length !== null
  const isOld = text.startsWith('HTTP/1.0')
  const tokens = connection.split(',').map((token) => token.trim())
  const keeps = hasEnd && !tokens.includes('close') && (!isOld || tokens.includes('keep-alive'))
  const headers = {
    ...(length === null ? {} : { 'content-length': length }),
    ...(coding === null ? {} : { 'transfer-encoding': coding }),
    ...load,
  }
  return { status, headers, bytes, isChunked: !isBodiless && coding !== null, keeps, keptForMs }
}
