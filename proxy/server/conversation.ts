import type { Clock } from '../clock.ts'
import { Session } from '../consistency/session.ts'
import { type CutOff, Exchange, type Push } from '../exchange.ts'
import { type Answer, ownError } from '../rpc/answer.ts'
import { parseCalls } from '../rpc/call.ts'
import { goSyntaxError } from '../rpc/go-syntax.ts'
import type { Answerer } from './answerer.ts'

/** Geth gives a write so long (go-ethereum/rpc/json.go, defaultWriteTimeout), milliseconds. */
const writeTimeoutMs = 10_000

/** The way to one client: what a conversation needs of a WebSocket or an IPC connection. */
export type Line = {
  readonly isOpen: boolean
  /** Bytes written that the client has not taken yet. */
  readonly queuedBytes: number
  send(bytes: Buffer): void
  /** Ends it in order. */
  end(): void
  /** Ends it because the client cannot keep up. */
  cutOff(): void
}

/**
 * One client's side of a lasting connection: its messages are answered at the same time, each when
 * it is ready, and it can be told things unasked.
 */
export class Conversation implements Push {
  readonly subscriptions = new Map<string, () => void>()
  /** When anything was last sent. */
  lastWriteMs: number
  readonly #line: Line
  readonly #maxQueuedBytes: number
  readonly #answer: Answerer
  readonly #clock: Clock
  readonly #session: Session
  readonly #underWay = new Set<Exchange>()
  cutOffFor: CutOff | null = null
  #isEnding = false
  /** Bytes said so far; with what is still queued, what the client has taken. */
  #saidBytes = 0
  #takenBytes = 0
  #tookAtMs: number

  /** @param session its client's, where another connection may be the same client's */
  constructor(
    line: Line,
    maxQueuedBytes: number,
    answer: Answerer,
    clock: Clock,
    session = new Session(),
  ) {
    this.#session = session
    this.#line = line
    this.#maxQueuedBytes = maxQueuedBytes
    this.#answer = answer
    this.#clock = clock
    this.lastWriteMs = clock.nowMs()
    this.#tookAtMs = this.lastWriteMs
  }

  get isGone(): boolean {
    return !this.#line.isOpen
  }

  push(bytes: Buffer): void {
    if (this.isGone) return
    if (this.#line.queuedBytes > this.#maxQueuedBytes) {
      // Never thinned out silently: a client that cannot keep up sees its connection end.
      this.cutOff('slow')
      return
    }
    this.lastWriteMs = this.#clock.nowMs()
    if (this.#line.queuedBytes === 0) this.#tookAtMs = this.lastWriteMs
    this.#saidBytes += bytes.length
    this.#line.send(bytes)
  }

  cutOff(why: CutOff): void {
    this.cutOffFor ??= why
    this.#line.cutOff()
  }

  /** Ends the line if the client has taken nothing of what it was told for long. Run at intervals. */
  look(nowMs: number): void {
    const { queuedBytes } = this.#line
    const takenBytes = this.#saidBytes - queuedBytes
    if (queuedBytes === 0 || takenBytes > this.#takenBytes) {
      this.#takenBytes = takenBytes
      this.#tookAtMs = nowMs
    } else if (nowMs - this.#tookAtMs >= writeTimeoutMs) this.cutOff('slow')
  }

  /** Answers one message. Broken JSON is told and ends the line; JSON cut short just ends it. */
  async take(data: Buffer): Promise<void> {
    if (this.#isEnding) return
    const parsed = parseCalls(data)
    if (parsed.kind === 'broken' || parsed.kind === 'empty') {
      const problem = goSyntaxError(data)
      if (problem !== null) this.push(joined(ownError(null, -32700, problem)))
      this.finish()
      return
    }
    const exchange = new Exchange(this.#clock.nowMs(), false, this, this.#session)
    this.#underWay.add(exchange)
    const answer = await this.#answer(parsed, exchange)
    this.#underWay.delete(exchange)
    if (answer.length > 0) this.push(joined(answer))
    for (const activate of exchange.afterAnswer ?? []) activate()
    this.#endIfDone()
  }

  /** Takes no more; the line ends once all that is under way is answered, as in Geth. */
  finish(): void {
    this.#isEnding = true
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#isEnding && this.#underWay.size === 0) this.#line.end()
  }

  /** The client is gone: what it still waits for is called off. */
  abandon(): void {
    for (const exchange of this.#underWay) exchange.cancellation.cancel()
    this.#underWay.clear()
  }
}

function joined(answer: Answer): Buffer {
  const [only] = answer
  return answer.length === 1 && only !== undefined ? only : Buffer.concat(answer)
}
