import { hostname } from 'node:os'

/**
 * Whether a page may open a WebSocket (go-ethereum/rpc/websocket.go, wsHandshakeValidator): no
 * Origin always may; without a list, pages of localhost and of this host.
 */
export class Origins {
  readonly #any: boolean
  readonly #rules: readonly Origin[]

  constructor(allowed: readonly string[]) {
    this.#any = allowed.includes('*')
    const rules = allowed.length === 0 ? ['http://localhost', `http://${hostname()}`] : allowed
    this.#rules = rules.map((rule) => parsed(rule.toLowerCase()))
  }

  allows(origin: string | undefined): boolean {
    if (origin === undefined || this.#any) return true
    const asked = parsed(origin.toLowerCase())
    return this.#rules.some(
      ({ scheme, host, port }) =>
        (scheme === '' || scheme === asked.scheme) &&
        (host === '' || host === asked.host) &&
        (port === '' || port === asked.port),
    )
  }
}

/** Empty members match anything. */
type Origin = { readonly scheme: string; readonly host: string; readonly port: string }

function parsed(origin: string): Origin {
  const [, scheme = '', rest = origin] = /^([^:/]*):\/\/([^/]*)/.exec(origin) ?? []
  const [, host = rest, port = ''] = /^(\[[^\]]*\]|[^:]*):(\d*)$/.exec(rest) ?? []
  return { scheme, host, port }
}
