import type { Explanation } from './explanation.ts'
import { Cancellation } from './upstream/attempt.ts'

/** What goes with one client request on its way through: its end, and what it wants explained. */
export class Exchange {
  readonly cancellation = new Cancellation()
  /** When the request was whole, on the proxy's clock. */
  readonly arrivedMs: number
  readonly wantsExplanation: boolean
  /** Of the last call placed for it; null when none was, or none is wanted. */
  explanation: Explanation | null = null

  constructor(arrivedMs: number, wantsExplanation: boolean) {
    this.arrivedMs = arrivedMs
    this.wantsExplanation = wantsExplanation
  }
}
