import { type Answer, ownError, resultAnswer } from './answer.ts'
import type { Message } from './call.ts'
import { type Compat, latestCompat } from './compat.ts'
import type { Exposure } from './exposure.ts'
import { code, skipSpace } from './json.ts'
import type { MethodRule } from './methods/rule.ts'
import { unknownMethod } from './methods.ts'
import { subscriptionId, subscriptionKind } from './subscription-params.ts'

/**
 * Where one message goes: to a node by its method's rule, or nowhere because the proxy has its
 * answer (empty for what is not answered). `code` labels it for metrics; null when it was no call.
 */
export type Route =
  | { readonly kind: 'forward'; readonly rule: MethodRule }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'answer'; readonly answer: Answer; readonly code: string | null }

/** Bytes. */
const maxMethodLength = 2048 // go-ethereum/rpc/handler.go, maxMethodNameLength

/** Sorts messages as Geth's handler does, in its order and words. */
export class Router {
  readonly #exposure: Exposure
  readonly #forwards = new Map<MethodRule, Route>()
  readonly #modules: Buffer
  readonly #limitsNames: boolean

  constructor(exposure: Exposure, { limitsNames }: Compat = latestCompat) {
    this.#exposure = exposure
    this.#limitsNames = limitsNames
    const modules = exposure.namespaces.map((name) => `"${name}":"1.0"`)
    this.#modules = Buffer.from(`{${modules.join(',')}}`)
  }

  /** @param canPush whether the client can be told things unasked, so that it may subscribe */
  route(message: Message, canPush = false): Route {
    if (message.isDropped) return dropped
    if (!message.isCall && !message.isNotification) {
      return { kind: 'answer', answer: ownError(message, -32600, 'invalid request'), code: null }
    }
    const { method } = message
    const rule = this.#exposure.ruleOf(method)
    if (rule !== null && rule !== unknownMethod && rule.access !== 'local') {
      return hasArrayParams(message) ? this.#forward(rule) : told(message, -32602, 'non-array args')
    }
    return this.#local(message, rule, canPush)
  }

  #local(message: Message, rule: MethodRule | null, canPush: boolean): Route {
    const { method } = message
    const length = Buffer.byteLength(method)
    if (this.#limitsNames && length > maxMethodLength) {
      return told(message, -32600, `method name too long: ${length} > ${maxMethodLength}`)
    }
    if (method.endsWith('_subscribe')) {
      if (!canPush) return told(message, -32601, 'notifications not supported')
      return rule === null ? told(message, ...withoutSubscriptions(message)) : subscribe
    }
    if (method.endsWith('_unsubscribe')) {
      return canPush ? unsubscribe : told(message, ...unsubscribed(message))
    }
    if (rule !== null && method === 'rpc_modules') return this.#tellModules(message)
    if (rule !== null) return this.#forward(rule)
    return told(message, -32601, `the method ${method} does not exist/is not available`)
  }

  #tellModules(message: Message): Route {
    if (!hasArrayParams(message)) return told(message, -32602, 'non-array args')
    if (!isEmpty(message)) return told(message, -32602, 'too many arguments, want at most 0')
    const answer = resultAnswer(message, this.#modules, 0, this.#modules.length)
    return { kind: 'answer', answer: message.isCall ? answer : [], code: 'ok' }
  }

  #forward(rule: MethodRule): Route {
    const known = this.#forwards.get(rule)
    if (known !== undefined) return known
    const route: Route = { kind: 'forward', rule }
    // Rules are rows of fixed tables, so this map cannot outgrow them.
    this.#forwards.set(rule, route)
    return route
  }
}

const subscribe: Route = { kind: 'subscribe' }
const unsubscribe: Route = { kind: 'unsubscribe' }
const dropped: Route = { kind: 'answer', answer: [], code: null }

/** Absent and `null` are an empty array, as in Geth. Its first byte tells an array. */
function hasArrayParams({ body, paramsStart }: Message): boolean {
  return paramsStart < 0 || body[paramsStart] === code.openArray || body[paramsStart] === 0x6e
}

/** Whether params that {@link hasArrayParams} has passed hold nothing. */
function isEmpty({ body, paramsStart, paramsEnd }: Message): boolean {
  if (paramsStart < 0 || body[paramsStart] !== code.openArray) return true
  return body[skipSpace(body, paramsStart + 1, paramsEnd)] === code.closeArray
}

function told(message: Message, errorCode: number, text: string): Route {
  const answer = message.isCall ? ownError(message, errorCode, text) : []
  return { kind: 'answer', answer, code: String(errorCode) }
}

/** No subscription lives on a way without push, so its end can only be asked for in vain. */
function unsubscribed(message: Message): [number, string] {
  const id = subscriptionId(message)
  return 'refusal' in id ? [-32602, id.refusal] : [-32000, 'subscription not found']
}

/** A namespace that is not open has no subscriptions. */
function withoutSubscriptions(message: Message): [number, string] {
  const kind = subscriptionKind(message)
  if ('refusal' in kind) return [-32602, kind.refusal]
  const [namespace] = message.method.split('_', 1)
  return [-32601, `no ${JSON.stringify(kind.name)} subscription in ${namespace} namespace`]
}
