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

/** What a strict client makes of an answer: null for a good one, and what it holds. */
export type Judgement = { readonly failure: FailureKind | null; readonly result: unknown }

/**
 * Checks one answer as a strict client would.
 * @param id the id sent, a whole number
 * @returns null when it is good
 */
export function judge(answer: Answer, id: number): FailureKind | null {
  return judged(answer, id).failure
}

/** The same with the result of a good answer; undefined beside a failure. */
export function judged({ status, body }: Answer, id: number): Judgement {
  const failed = (failure: FailureKind): Judgement => ({ failure, result: undefined })
  if (status !== 200) return failed('http')
  const reply = parsedObject(body)
  if (reply === null || reply['jsonrpc'] !== '2.0') return failed('malformed')
  if (reply['id'] !== id) return failed('wrong-id')
  if (reply['error'] !== undefined) return failed('rpc-error')
  const { result } = reply
  if (result === undefined) return failed('malformed')
  return result === null ? failed('empty') : { failure: null, result }
}

/** A JSON object; null for anything else. */
export function parsedObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null // Not JSON: malformed, which the caller counts.
  }
}
