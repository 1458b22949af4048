import type { ProxyError } from '../errors.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** What one request needs of the node that answers it, and what it makes of the answer. */
export type Demand<Read> = {
  /** Those of `candidates` that can answer it now; `candidates` itself where that is all of them. */
  among(candidates: readonly Upstream[]): readonly Upstream[]
  /** Whether an answer only says what its node lacks, while another one may know better. */
  isMiss(read: Read, by: Upstream): boolean
  /** The answer as it goes to the client, and what it shows is remembered. */
  settle(read: Read, by: Upstream): Read
  /** Waits for a node that can answer it, not for long altogether. False: there is none. */
  catchUp(): Promise<boolean>
  /** Why no node can answer it. */
  shortfall(): ProxyError
}
