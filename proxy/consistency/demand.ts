import type { ProxyError } from '../errors.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** What one request needs of the node that answers it, and what it makes of the answer. */
export type Demand<Read> = {
  /** Those of `candidates` that can answer it now; `candidates` itself where that is all of them. */
  among(candidates: readonly Upstream[]): readonly Upstream[]
  /** Whether an answer only says what its node lacks, while another one may know better. */
  isMiss(read: Read, by: Upstream): boolean
  /** Whether the last miss is an answer, should nobody know better: not where it shows an old head. */
  readonly mayHandOn: boolean
  /** The answer as it goes to the client, and what it shows is remembered. */
  settle(read: Read, by: Upstream): Read
  /** Whether an answer that was settled only says that the block chosen for `latest` is not there. */
  readonly isPinLost: boolean
  /** Waits for a node that can answer it, not for long altogether. False: there is none. */
  catchUp(): Promise<boolean>
  /** Why no node can answer it. */
  shortfall(): ProxyError
}
