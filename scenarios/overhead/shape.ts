/** What the load asks for, over and over, and what the nodes answer. */
export type Shape = {
  readonly name: string
  readonly about: string
  /** Body of every request. */
  readonly request: string
  /** Calls in it. */
  readonly calls: number
  /** What its requests hold and no other's does. */
  readonly mark: string
  /** The nodes' answer in HAProxy's log format. */
  readonly answer: string
  /** What HAProxy needs to hold that answer; null for its own 16 KiB. */
  readonly nodeBufferBytes: number | null
  /** Asked over WebSocket; HAProxy tunnels bytes then, to nodes that speak it. */
  readonly isWebSocket: boolean
}

const params = '["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","latest"]'
const balance = '0x1bc16d674ec80000'
const batchCalls = 20
const largeBytes = 100_000

/** The id of the request, as HAProxy finds it in the body. */
const idInLogFormat = "%[req.body,json_query('$.id')]"

function call(id: number, method: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`
}

function answer(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":"${result}"}`
}

/** What nodes answer over WebSocket to the call of the load. */
export const webSocketAnswer = answer('1', balance)

/** What nodes answer to any other single call, in HAProxy's log format. */
export const otherAnswer = answer(idInLogFormat, balance)

/** Ids in the batch are those that Equipoise gives a batch, so one answer suits all proxies. */
const ids = Array.from({ length: batchCalls }, (_, id) => id)

export const shapes: ReadonlyMap<string, Shape> = new Map(
  [
    {
      name: 'single',
      about: 'one small read',
      request: call(1, 'eth_getBalance'),
      calls: 1,
      mark: 'eth_getBalance',
      answer: otherAnswer,
      nodeBufferBytes: null,
      isWebSocket: false,
    },
    {
      name: 'batch',
      about: `${batchCalls} small reads in one batch`,
      request: `[${ids.map((id) => call(id, 'eth_getBalance')).join(',')}]`,
      calls: batchCalls,
      mark: 'eth_getBalance',
      answer: `[${ids.map((id) => answer(String(id), balance)).join(',')}]`,
      nodeBufferBytes: null,
      isWebSocket: false,
    },
    {
      name: 'large',
      about: `one read with a result of ${largeBytes / 1000} KB`,
      request: call(1, 'eth_getLogs'),
      calls: 1,
      mark: 'eth_getLogs',
      answer: answer(idInLogFormat, `0x${'ab'.repeat(largeBytes / 2)}`),
      nodeBufferBytes: 262_144,
      isWebSocket: false,
    },
    {
      name: 'ws',
      about: 'one small read over WebSocket, against a tunnel of bytes',
      request: call(1, 'eth_getBalance'),
      calls: 1,
      mark: 'eth_getBalance',
      answer: otherAnswer,
      nodeBufferBytes: null,
      isWebSocket: true,
    },
  ].map((shape): [string, Shape] => [shape.name, shape]),
)
