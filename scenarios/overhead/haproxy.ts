import { haproxyBalancer, haproxyHead } from '../haproxy-config.ts'
import type { Shape } from './shape.ts'

/** HAProxy's configurations for the measurement of the proxy's own cost. */

const limits = { maxConnections: 4_000, timeoutS: 30 }

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
  const { nodeBufferBytes: bufferBytes } = shape
  return [
    // Large buffers make HAProxy itself eight times dearer a call, so only nodes that need them.
    ...haproxyHead({ ...limits, ...(bufferBytes === null ? {} : { bufferBytes }) }),
    'frontend nodes',
    ...ports.map((port) => `  bind 127.0.0.1:${port}`),
    '  option http-buffer-request',
    `  ${answer} ${answerFile} if { req.body -m sub '${shape.mark}' }`,
    `  ${answer} ${otherFile}`,
    '',
  ].join('\n')
}

/** HAProxy as the rival: least connections, connections kept. */
export function balancerConfig(port: number, nodes: readonly number[]): string {
  const servers = nodes.map((node, i) => ({ id: `node${i}`, host: `127.0.0.1:${node}` }))
  return [...haproxyHead(limits), ...haproxyBalancer(port, servers), ''].join('\n')
}
