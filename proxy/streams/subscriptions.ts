import { ProxyError, toRpcError } from '../errors.ts'
import type { CutOff, Push } from '../exchange.ts'
import { type Answer, errorAnswer, ownError, resultAnswer } from '../rpc/answer.ts'
import type { Message } from '../rpc/call.ts'
import { code, isSpace, skipString } from '../rpc/json.ts'
import { subscriptionId, subscriptionKind } from '../rpc/subscription-params.ts'
import type { Fleet } from '../upstream/fleet.ts'
import { HeadEar, LogEar } from './chain-ears.ts'
import type { ChainStream } from './chain-stream.ts'
import { parseCriteria } from './criteria.ts'
import type { Ear } from './ear.ts'
import type { Listener } from './feed.ts'
import type { Feeds, RunningFeed } from './feeds.ts'
import { newStreamId } from './stream-id.ts'
import { Voice } from './voice.ts'

/** Kinds whose notifications are the same for everybody who asks with the same params. */
const sharedKinds = new Set(['newHeads', 'logs', 'newPendingTransactions', 'syncing'])

/** As metrics tell them apart. */
const subscriptionKinds = [
  'newHeads',
  'logs',
  'newPendingTransactions',
  'syncing',
  'other',
] as const

export type SubscriptionKind = (typeof subscriptionKinds)[number]

/** Longer params are not compared with others'. */
const maxSharedParams = 8_192

/** Of one connection; Geth has no bound, but a client that needs more is broken or worse. */
const maxPerConnection = 10_000

/** What came of a request to subscribe: `activate` must run once its answer is on its way. */
export type Subscribed = { readonly answer: Answer; readonly activate: () => void }

/**
 * Every client's subscriptions, under ids of our own. What is told of the chain comes from the chain
 * that the fleet serves, what is told of pools from all nodes at once, and the rest from one node.
 */
export class Subscriptions {
  readonly #fleet: Fleet
  readonly #feeds: Feeds
  readonly #chain: ChainStream
  /** Of clients, by kind. */
  readonly #live = new Map<SubscriptionKind, number>(subscriptionKinds.map((kind) => [kind, 0]))
  readonly #cutOff = new Map<CutOff, number>([
    ['slow', 0],
    ['gap', 0],
  ])

  constructor(fleet: Fleet, feeds: Feeds, chain: ChainStream) {
    this.#fleet = fleet
    this.#feeds = feeds
    this.#chain = chain
  }

  /** Subscriptions of clients, and subscriptions at nodes behind them. */
  get load(): { readonly clients: number; readonly feeds: number } {
    let clients = 0
    for (const count of this.#live.values()) clients += count
    return { clients, feeds: this.#feeds.size }
  }

  /** Subscriptions of clients, by kind. */
  get live(): Iterable<readonly [SubscriptionKind, number]> {
    return this.#live
  }

  /** Connections that were ended because not all could be told on them, by reason. */
  get cutOff(): Iterable<readonly [CutOff, number]> {
    return this.#cutOff
  }

  /** Carries out `X_subscribe` for the client behind `push`. */
  async subscribe(message: Message, push: Push): Promise<Subscribed> {
    const kind = subscriptionKind(message)
    if ('refusal' in kind) return no(message, -32602, kind.refusal)
    if (push.subscriptions.size >= maxPerConnection) return no(message, -32005, 'limit exceeded')
    // In a batch its turn may come after the client went, and then nobody would end it.
    if (push.isGone) return no(message, -32000, 'connection closed')
    const { method, body, paramsStart, paramsEnd } = message
    const params = withoutSpace(body, paramsStart, paramsEnd)
    const id = newStreamId()
    const voice = new Voice(push, method, id)
    const ear = method === 'eth_subscribe' ? this.#earOf(params, voice) : null
    if (ear !== null && this.#chain.head !== null) {
      return this.#hear(message, push, id, kind.name, ear, voice)
    }
    const { feed, ready } = this.#feedOf(kind.name, method, params)
    // Listens before the node answers, so that what comes right behind its answer is not missed.
    feed.add(voice)
    this.#begin(push, id, kind.name, () => feed.remove(voice))
    try {
      const reply = await ready
      if (reply.kind === 'result') return begun(message, id, voice)
      this.#end(push, id)
      return { answer: errorAnswer(message, reply.body, reply.start, reply.end), activate() {} }
    } catch (error) {
      this.#end(push, id)
      return failed(message, error)
    }
  }

  /** Carries out `X_unsubscribe`, of any namespace. */
  unsubscribe(message: Message, push: Push): Answer {
    const id = subscriptionId(message)
    if ('refusal' in id) return ownError(message, -32602, id.refusal)
    if (this.#end(push, id.name)) return resultAnswer(message, yes, 0, yes.length)
    return ownError(message, -32000, 'subscription not found')
  }

  /** Ends all that a client had, whose connection has ended. */
  endAll(push: Push): void {
    const { cutOffFor: why } = push
    if (why !== null) this.#cutOff.set(why, (this.#cutOff.get(why) ?? 0) + 1)
    for (const end of push.subscriptions.values()) end()
    push.subscriptions.clear()
  }

  /** What hears of the chain for these params; null where they are not plainly right. */
  #earOf(params: string, listener: Listener): Ear | null {
    if (params === '["newHeads"]') return new HeadEar(listener)
    const text = /^\["logs",(\{.*\})\]$/s.exec(params)?.[1]
    const criteria = text === undefined ? null : parsedOrNull(text)
    return criteria === null ? null : new LogEar(criteria, listener)
  }

  #hear(
    message: Message,
    push: Push,
    id: string,
    kind: string,
    ear: Ear,
    voice: Voice,
  ): Subscribed {
    if (this.#fleet.view.readers.length === 0) {
      return failed(message, new ProxyError('NO_UPSTREAM', 'no node is up'))
    }
    this.#chain.listen(ear)
    this.#begin(push, id, kind, () => this.#chain.forget(ear))
    return begun(message, id, voice)
  }

  #feedOf(kind: string, method: string, params: string): RunningFeed {
    if (method === 'eth_subscribe') {
      if (params === '["syncing"]') return this.#feeds.syncing()
      const pool = /^\["newPendingTransactions"(?:,(true|false|null))?\]$/.exec(params)
      if (pool !== null) return this.#feeds.pool(pool[1] === 'true')
    }
    const isShared = sharedKinds.has(kind) && params.length <= maxSharedParams
    return this.#feeds.atOneNode(method, params, isShared)
  }

  #begin(push: Push, id: string, name: string, onEnd: () => void): void {
    const kind = subscriptionKinds.find((one) => one === name) ?? 'other'
    this.#live.set(kind, (this.#live.get(kind) ?? 0) + 1)
    push.subscriptions.set(id, () => {
      this.#live.set(kind, (this.#live.get(kind) ?? 0) - 1)
      onEnd()
    })
  }

  /** False where the client has no such subscription. */
  #end(push: Push, id: string): boolean {
    const end = push.subscriptions.get(id)
    push.subscriptions.delete(id)
    end?.()
    return end !== undefined
  }
}

const yes = Buffer.from('true')

function begun(message: Message, id: string, voice: Voice): Subscribed {
  const quoted = Buffer.from(`"${id}"`)
  const answer = resultAnswer(message, quoted, 0, quoted.length)
  return { answer, activate: () => voice.activate() }
}

function failed(message: Message, error: unknown): Subscribed {
  const { code, message: text } = toRpcError(error)
  return no(message, code, text)
}

function no(message: Message, code: number, text: string): Subscribed {
  return { answer: ownError(message, code, text), activate() {} }
}

/** A second argument behind the criteria makes the text no JSON: a node must say what is wrong. */
function parsedOrNull(text: string): ReturnType<typeof parseCriteria> {
  try {
    return parseCriteria(text)
  } catch {
    return null
  }
}

/** The JSON between `start` and `end` without the white space between its tokens. */
function withoutSpace(body: Buffer, start: number, end: number): string {
  const kept = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; ) {
    const c = body[at] ?? 0
    if (c === code.quote) {
      const behind = skipString(body, at, end)
      length += body.copy(kept, length, at, behind)
      at = behind
    } else {
      if (!isSpace(c)) kept[length++] = c
      at += 1
    }
  }
  return kept.toString('utf8', 0, length)
}
