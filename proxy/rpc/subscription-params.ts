import { type Message, stringAt } from './call.ts'
import { code, skipSpace, skipString, skipValue } from './json.ts'

/** What was asked for, or in Geth's words why it cannot be read (error code -32602). */
export type Named = { readonly name: string } | { readonly refusal: string }

/** The kind of subscription that `X_subscribe` names first (go-ethereum/rpc/json.go, parseSubscriptionName). */
export function subscriptionKind(message: Message): Named {
  const { body, paramsStart: at, paramsEnd: end } = message
  if (at < 0 || body[at] !== code.openArray) return { refusal: 'non-array args' }
  const first = skipSpace(body, at + 1, end)
  if (body[first] !== code.quote) {
    return { refusal: 'expected subscription name as first argument' }
  }
  return { name: stringAt(body, first, skipString(body, first, end)) }
}

/**
 * The id that `X_unsubscribe` names, its one argument (go-ethereum/rpc/json.go,
 * parsePositionalArguments). Null is the empty id, which nobody has.
 */
export function subscriptionId(message: Message): Named {
  const { body, paramsStart: at, paramsEnd: end } = message
  if (at < 0 || body[at] === letterN) return missing
  if (body[at] !== code.openArray) return { refusal: 'non-array args' }
  const first = skipSpace(body, at + 1, end)
  const c = body[first] ?? 0
  if (c === code.closeArray) return missing
  if (c !== code.quote && c !== letterN) {
    const text = `json: cannot unmarshal ${kindOf(c)} into Go value of type rpc.ID`
    return { refusal: `invalid argument 0: ${text}` }
  }
  const behind = skipValue(body, first, end)
  if (body[skipSpace(body, behind, end)] !== code.closeArray) {
    return { refusal: 'too many arguments, want at most 1' }
  }
  return { name: c === letterN ? '' : stringAt(body, first, behind) }
}

const letterN = 0x6e
const missing: Named = { refusal: 'missing value for required argument 0' }

/** A value's kind by its first byte, as encoding/json names it. */
function kindOf(c: number): string {
  if (c === code.openObject) return 'object'
  if (c === code.openArray) return 'array'
  return c === 0x74 || c === 0x66 ? 'bool' : 'number'
}
