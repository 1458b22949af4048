/** HAProxy's configuration as a careful operator writes it, in lines. */

export type HaproxyLimits = {
  readonly maxConnections: number
  /** Of clients and servers alike. */
  readonly timeoutS: number
  /** Of each connection's buffer; HAProxy's own default without it. */
  readonly bufferBytes?: number
}

/** What HAProxy sends calls to, `host` with its port; `weight` from 1 to 256, alike for all where absent. */
export type HaproxyServer = {
  readonly id: string
  readonly host: string
  readonly weight?: number
}

/** What every configuration begins with: one thread, HTTP, time limits. */
export function haproxyHead({ maxConnections, timeoutS, bufferBytes }: HaproxyLimits): string[] {
  return [
    'global',
    '  nbthread 1',
    `  maxconn ${maxConnections}`,
    ...(bufferBytes === undefined ? [] : [`  tune.bufsize ${bufferBytes}`]),
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    `  timeout client ${timeoutS}s`,
    `  timeout server ${timeoutS}s`,
  ]
}

/** Listens on loopback and gives each call to the server with the fewest connections for its weight; keeps connections. */
export function haproxyBalancer(port: number, servers: readonly HaproxyServer[]): string[] {
  return [
    'frontend rpc',
    `  bind 127.0.0.1:${port}`,
    '  default_backend nodes',
    'backend nodes',
    '  balance leastconn',
    '  http-reuse always',
    '  retries 3',
    '  option redispatch',
    '  retry-on conn-failure empty-response',
    ...servers.map(({ id, host, weight }) => {
      const share = weight === undefined ? '' : ` weight ${weight}`
      return `  server ${id} ${host} check inter 1s${share}`
    }),
  ]
}
