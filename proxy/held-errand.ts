import { type FailureCode, ProxyError } from './errors.ts'
import type { Dispatcher, Refusal, Waiting } from './schedule/dispatcher.ts'
import type { Work } from './state/work.ts'
import type { Cancellation } from './upstream/attempt.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What the client is told of a call that waited and was not sent. */
const failureOf = {
  overloaded: ['OVERLOADED', 'too many calls wait'],
  'too-late': ['UPSTREAM_TIMEOUT', 'no node had room in time'],
  'no-node': ['NO_UPSTREAM', 'no node is up'],
} as const satisfies Record<Refusal, readonly [FailureCode, string]>

/** One errand that waits at the proxy for a node with room: sent, refused or given up, once. */
export class HeldErrand<Read> implements Waiting<Upstream> {
  readonly work: Work
  readonly among: () => readonly Upstream[]
  /** The node it was sent to, what the dispatcher wants back for that, and how long it waited. */
  node: Upstream | null = null
  takenMs = 0
  heldMs = 0
  readonly #send: (held: HeldErrand<Read>, node: Upstream, heldMs: number) => Promise<Read>
  readonly #cancellation: Cancellation
  readonly #settled = Promise.withResolvers<Read>()
  #giveUp: () => void = () => {}

  /**
   * @param among the nodes it may go to, whenever asked
   * @param send counts it and sends it, before it returns
   */
  constructor(
    work: Work,
    among: () => readonly Upstream[],
    send: (held: HeldErrand<Read>, node: Upstream, heldMs: number) => Promise<Read>,
    cancellation: Cancellation,
  ) {
    this.work = work
    this.among = among
    this.#send = send
    this.#cancellation = cancellation
  }

  /**
   * Waits for its turn, and for the answer.
   * @param heldBeforeMs what it waited before, for nodes that gave no answer
   * @throws ProxyError when it was not sent, or what sending it throws
   */
  wait(dispatcher: Dispatcher<Upstream>, deadlineMs: number, heldBeforeMs: number): Promise<Read> {
    const onCancel = (reason: Error): void => {
      this.#giveUp()
      this.#settled.reject(new ProxyError('CANCELLED', reason.message))
    }
    this.#cancellation.listen(onCancel)
    let isOver = false
    this.#giveUp = () => {
      isOver = true
      this.#cancellation.forget(onCancel)
    }
    const held = dispatcher.hold(this, deadlineMs, heldBeforeMs)
    // Sent or refused already, it waits nowhere.
    if (!isOver) {
      this.#giveUp = () => {
        this.#cancellation.forget(onCancel)
        dispatcher.cancel(held)
      }
    }
    return this.#settled.promise
  }

  release(node: Upstream, heldMs: number): void {
    this.#giveUp()
    this.node = node
    this.heldMs = heldMs
    this.#settled.resolve(this.#send(this, node, heldMs))
  }

  refuse(why: Refusal): void {
    this.#giveUp()
    const [code, message] = failureOf[why]
    this.#settled.reject(new ProxyError(code, message))
  }
}
