/** What can go wrong with one call, each in one word; the order is that of the report. */
export const failureKinds = [
  'overflow',
  'timeout',
  'socket',
  'http',
  'malformed',
  'wrong-id',
  'rpc-error',
  'empty',
] as const

/**
 * Why a call failed: `overflow` was never sent, since the bound of calls in flight was reached;
 * `timeout` and `socket` got no whole answer; `http` got another status than 200; `malformed` no
 * JSON-RPC 2.0 answer; `wrong-id` another call's; `rpc-error` an error; `empty` the result null,
 * where what was asked for exists.
 */
export type FailureKind = (typeof failureKinds)[number]

/** The bytes of one HTTP answer, whole. */
export type Answer = { readonly status: number; readonly body: Buffer }

/**
 * Checks one answer as a strict client would.
 * @param id the id sent, a whole number
 * @returns null when it is good
 */
export function judge(answer: Answer, id: number): FailureKind | null {
  if (answer.status !== 200) return 'http'
  const reply = parsed(answer.body)
  if (reply === null || reply['jsonrpc'] !== '2.0') return 'malformed'
  if (reply['id'] !== id) return 'wrong-id'
  if (reply['error'] !== undefined) return 'rpc-error'
  if (reply['result'] === undefined) return 'malformed'
  return reply['result'] === null ? 'empty' : null
}

function parsed(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null // Not JSON: malformed, which the caller counts.
  }
}
