import { randomBytes } from 'node:crypto'
import { toRpcError } from '../errors.ts'
import type { Push } from '../exchange.ts'
import { type Answer, errorAnswer, ownError, resultAnswer } from '../rpc/answer.ts'
import type { Message } from '../rpc/call.ts'
import { code, isSpace, skipString } from '../rpc/json.ts'
import type { Reply } from '../rpc/reply.ts'
import { subscriptionId, subscriptionKind } from '../rpc/subscription-params.ts'
import type { Fleet } from '../upstream/fleet.ts'
import { Feed, type Listener, type Sockets } from './feed.ts'

/** Kinds whose notifications are the same for everybody who asks with the same params. */
const sharedKinds = new Set(['newHeads', 'logs', 'newPendingTransactions', 'syncing'])

/** Longer params are not compared with others'. */
const maxSharedParams = 8_192

/** Of one connection; Geth has no bound, but a client that needs more is broken or worse. */
const maxPerConnection = 10_000

/** Bytes of notifications kept for a subscription whose answer is not out yet. */
const maxHeldBytes = 16_777_216

/** What came of a request to subscribe: `activate` must run once its answer is on its way. */
export type Subscribed = { readonly answer: Answer; readonly activate: () => void }

type RunningFeed = { readonly feed: Feed; readonly ready: Promise<Reply> }

/**
 * Every client's subscriptions, under ids of our own. Clients that want the same of the chain share
 * one feed, so a node sees one subscription however many clients there are.
 */
export class Subscriptions {
  readonly #fleet: Fleet
  readonly #sockets: Sockets
  readonly #feeds = new Map<string, RunningFeed>()
  #count = 0

  constructor(fleet: Fleet, sockets: Sockets) {
    this.#fleet = fleet
    this.#sockets = sockets
  }

  /** Subscriptions of clients, and subscriptions at nodes behind them. */
  get load(): { readonly clients: number; readonly feeds: number } {
    return { clients: this.#count, feeds: this.#feeds.size }
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
    const isShared = sharedKinds.has(kind.name) && params.length <= maxSharedParams
    const key = isShared ? `${method} ${params}` : null
    const { feed, ready } = this.#feedOf(key, method, params)
    const id = newId()
    const voice = new Voice(push, method, id)
    // Listens before the node answers, so that what comes right behind its answer is not missed.
    feed.add(voice)
    this.#count += 1
    push.subscriptions.set(id, () => {
      this.#count -= 1
      feed.remove(voice)
    })
    try {
      const reply = await ready
      if (reply.kind === 'result') return this.#begun(message, id, voice)
      this.#end(push, id)
      return { answer: errorAnswer(message, reply.body, reply.start, reply.end), activate() {} }
    } catch (error) {
      this.#end(push, id)
      const { code, message: text } = toRpcError(error)
      return no(message, code, text)
    }
  }

  #begun(message: Message, id: string, voice: Voice): Subscribed {
    const quoted = Buffer.from(`"${id}"`)
    const answer = resultAnswer(message, quoted, 0, quoted.length)
    return { answer, activate: () => voice.activate() }
  }

  /** Carries out `X_unsubscribe`, of any namespace. */
  unsubscribe(message: Message, push: Push): Answer {
    const id = subscriptionId(message)
    if ('refusal' in id) return ownError(message, -32602, id.refusal)
    if (this.#end(push, id.name)) return resultAnswer(message, yes, 0, yes.length)
    return ownError(message, -32000, 'subscription not found')
  }

  /** Ends all that a client had. */
  endAll(push: Push): void {
    for (const end of push.subscriptions.values()) end()
    push.subscriptions.clear()
  }

  /** False where the client has no such subscription. */
  #end(push: Push, id: string): boolean {
    const end = push.subscriptions.get(id)
    push.subscriptions.delete(id)
    end?.()
    return end !== undefined
  }

  #feedOf(key: string | null, method: string, params: string): RunningFeed {
    const name = key ?? `${method} ${newId()}`
    const known = this.#feeds.get(name)
    if (known !== undefined) return known
    const feed = new Feed(method, params, this.#fleet, this.#sockets, () => {
      this.#feeds.delete(name)
    })
    const running = { feed, ready: feed.start() }
    this.#feeds.set(name, running)
    return running
  }
}

const yes = Buffer.from('true')
const notificationTail = Buffer.from('}}')

/** Turns results into one client's notifications, and holds them until its answer is out. */
class Voice implements Listener {
  readonly #push: Push
  readonly #opening: Buffer
  #held: Buffer[] | null = []
  #heldBytes = 0

  constructor(push: Push, method: string, id: string) {
    this.#push = push
    const name = JSON.stringify(method.replace(/_subscribe$/, '_subscription'))
    this.#opening = Buffer.from(
      `{"jsonrpc":"2.0","method":${name},"params":{"subscription":"${id}","result":`,
    )
  }

  activate(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const bytes of held) this.#push.push(bytes)
  }

  next(result: Buffer): void {
    const bytes = Buffer.concat([this.#opening, result, notificationTail])
    if (this.#held === null) {
      this.#push.push(bytes)
      return
    }
    this.#heldBytes += bytes.length
    // Geth would hold any number. A client is not told less than all, so it is told nothing more.
    if (this.#heldBytes > maxHeldBytes) this.#push.cutOff()
    else this.#held.push(bytes)
  }

  lost(): void {
    this.#push.cutOff()
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

/** As Geth's: 128 random bits as a quantity, without leading zeros (go-ethereum/rpc/subscription.go). */
function newId(): string {
  return `0x${randomBytes(16)
    .toString('hex')
    .replace(/^0+(?=.)/, '')}`
}

function no(message: Message, code: number, text: string): Subscribed {
  return { answer: ownError(message, code, text), activate() {} }
}
