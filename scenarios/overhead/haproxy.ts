/** HAProxy's configurations for the measurement of the proxy's own cost. */

/** Three nodes that answer every call at once, with its id and a balance, or with `bytes` of it. */
export function nodesConfig(ports: readonly number[], resultBytes: number): string {
  const result = `0x${'a'.repeat(Math.max(1, resultBytes - 4))}`
  const answer = `{\\"jsonrpc\\":\\"2.0\\",\\"id\\":%[req.body,json_query('\\$.id')],\\"result\\":\\"${result}\\"}`
  return [
    ...globals,
    'frontend nodes',
    ...ports.map((port) => `  bind 127.0.0.1:${port}`),
    '  option http-buffer-request',
    `  http-request return status 200 content-type application/json lf-string "${answer}"`,
    '',
  ].join('\n')
}

/** HAProxy as the rival: least connections, connections kept, as a careful operator sets it up. */
export function balancerConfig(port: number, nodes: readonly number[]): string {
  return [
    ...globals,
    'frontend rpc',
    `  bind 127.0.0.1:${port}`,
    '  default_backend nodes',
    'backend nodes',
    '  balance leastconn',
    '  http-reuse always',
    '  retries 3',
    '  option redispatch',
    '  retry-on conn-failure empty-response',
    ...nodes.map((node, i) => `  server node${i} 127.0.0.1:${node} check inter 1s`),
    '',
  ].join('\n')
}

const globals = [
  'global',
  '  nbthread 1',
  '  maxconn 4000',
  'defaults',
  '  mode http',
  '  timeout connect 2s',
  '  timeout client 30s',
  '  timeout server 30s',
]
