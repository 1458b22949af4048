import { type ProxyError, toRpcError } from '../errors.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallDemand } from './call-demand.ts'
import type { Demand } from './demand.ts'

/** The demand of several reads that one node answers together, so that they agree. */
export class BatchDemand implements Demand<readonly Reply[]> {
  readonly #demands: readonly CallDemand[]
  readonly #home: Upstream | null
  readonly #pin: Block | null
  /** The one that nobody meets now, though somebody may soon. */
  #unmet: CallDemand
  /** Those that no node may answer. Found when the batch is placed. */
  #beyond: ReadonlySet<CallDemand> = new Set()
  mayHandOn = true
  isPinLost = false

  /**
   * @param demands one for each read, at least one; reads that need the same may share one
   * @param home where earlier calls of the same batch went: there, if that can be
   * @param pin the block that some of them ask about in place of the latest, or null
   */
  constructor(demands: readonly CallDemand[], home: Upstream | null, pin: Block | null) {
    const [first] = demands
    if (first === undefined) throw new RangeError('a batch without calls')
    this.#demands = demands
    this.#home = home
    this.#pin = pin
    this.#unmet = first
  }

  among(candidates: readonly Upstream[]): readonly Upstream[] {
    const beyond = new Set<CallDemand>()
    let among = candidates
    let last: CallDemand | null = null
    for (const demand of this.#demands) {
      if (demand === last) continue
      last = demand
      if (demand.isBeyond) {
        beyond.add(demand)
        continue
      }
      const meeting = demand.among(among)
      if (meeting.length > 0) among = meeting
      else if (demand.among(candidates).length === 0) {
        this.#unmet = demand
        return meeting
      }
      // Else one node cannot meet all of them: it is asked, and may say that it does not know.
    }
    this.#beyond = beyond
    return this.#home !== null && among.includes(this.#home) ? [this.#home] : among
  }

  isMiss(read: readonly Reply[], by: Upstream): boolean {
    for (let i = 0; i < read.length; i++) {
      const reply = read[i]
      const demand = this.#demands[i]
      if (reply === undefined || demand === undefined || this.#beyond.has(demand)) continue
      if (demand.isMiss(reply, by)) {
        this.mayHandOn = demand.mayHandOn
        if (!demand.mayHandOn) this.#unmet = demand
        return true
      }
    }
    return false
  }

  settle(read: readonly Reply[], by: Upstream): readonly Reply[] {
    this.isPinLost = false
    return read.map((reply, i) => {
      const demand = this.#demands[i]
      if (demand === undefined) return reply
      if (this.#beyond.has(demand)) return refusal(demand.shortfall())
      const settled = demand.settle(reply, by)
      // Told of a later head beside it, state at the pin would be that of a block that is past.
      const isPast = this.#pin !== null && demand.shownHeight > this.#pin.number
      this.isPinLost ||= demand.isPinLost || isPast
      return settled
    })
  }

  catchUp(): Promise<boolean> {
    return this.#unmet.catchUp()
  }

  shortfall(): ProxyError {
    return this.#unmet.shortfall()
  }
}

/** An error of our own, as if a node had answered it. */
function refusal(error: ProxyError): Reply {
  const body = Buffer.from(JSON.stringify(toRpcError(error)))
  return { kind: 'error', body, start: 0, end: body.length }
}
