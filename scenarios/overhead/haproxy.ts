import type { Shape } from './shape.ts'

/** HAProxy's configurations for the measurement of the proxy's own cost. */

/**
 * Nodes that answer at once: what the shape asks with `answerFile`, and anything else, such as
 * health checks, with `otherFile`. Both are in HAProxy's log format, which escapes nothing in a file.
 */
export function nodesConfig(
  ports: readonly number[],
  shape: Shape,
  answerFile: string,
  otherFile: string,
): string {
  const answer = 'http-request return status 200 content-type application/json lf-file'
  return [
    ...globals(shape.nodeBufferBytes),
    'frontend nodes',
    ...ports.map((port) => `  bind 127.0.0.1:${port}`),
    '  option http-buffer-request',
    `  ${answer} ${answerFile} if { req.body -m sub '${shape.mark}' }`,
    `  ${answer} ${otherFile}`,
    '',
  ].join('\n')
}

/** HAProxy as the rival: least connections, connections kept, as a careful operator sets it up. */
export function balancerConfig(port: number, nodes: readonly number[]): string {
  return [
    ...globals(null),
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

function globals(bufferBytes: number | null): string[] {
  return [
    'global',
    '  nbthread 1',
    '  maxconn 4000',
    // Large buffers make HAProxy itself eight times dearer a call, so only nodes that need them.
    ...(bufferBytes === null ? [] : [`  tune.bufsize ${bufferBytes}`]),
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 30s',
    '  timeout server 30s',
  ]
}
