import type { Session } from './consistency/session.ts'
import type { Explanation } from './explanation.ts'
import type { Family } from './rpc/families.ts'
import { Cancellation } from './upstream/attempt.ts'
import type { Block } from './upstream/block.ts'
import type { Flow } from './upstream/flow.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Why a connection was ended: it takes too slowly what it is told, or something cannot be told. */
export type CutOff = 'slow' | 'gap'

/** A client that can be told things unasked: it came over WebSocket or IPC. */
export type Push = {
  push(bytes: Buffer): void
  /** Ends its connection: it cannot be told all that it should be told. */
  cutOff(why: CutOff): void
  /** Why that was done; null while it was not. */
  readonly cutOffFor: CutOff | null
  /** True once nothing can be pushed any more. */
  readonly isGone: boolean
  /** What ends each of its subscriptions, by the id it was given. */
  readonly subscriptions: Map<string, () => void>
}

/** What goes with one client request on its way through: its end, and what it wants explained. */
export class Exchange {
  readonly cancellation = new Cancellation()
  /** When the request was whole, on the proxy's clock. */
  readonly arrivedMs: number
  readonly wantsExplanation: boolean
  /** Null over HTTP. */
  readonly push: Push | null
  /** What its client was shown before; null where nothing tells one client from another. */
  readonly session: Session | null
  /** Of the last call placed for it; null when none was, or none is wanted. */
  explanation: Explanation | null = null
  /** The family of the node that answered last; null for Geth, and while none has. */
  family: Family | null = null
  /** What `latest` stands for in a batch, in strict mode. */
  pin: Block | null = null
  /** The node that answered last. */
  node: Upstream | null = null
  /** The node whose pool has what the account sent last whose pending state is asked for. */
  pool: Upstream | null = null
  /** The answer must not be compressed: Geth writes some errors past its compressor. */
  identity = false
  /** Whether the client can be sent an answer that is not whole yet. */
  takesFlow = false
  /** What follows the answer, which is then only its opening. */
  flow: Flow | null = null
  /** To be run once its answer is on its way: notifications must not come before it. */
  afterAnswer: (() => void)[] | null = null

  constructor(
    arrivedMs: number,
    wantsExplanation: boolean,
    push: Push | null = null,
    session: Session | null = null,
  ) {
    this.arrivedMs = arrivedMs
    this.wantsExplanation = wantsExplanation
    this.push = push
    this.session = session
  }
}
