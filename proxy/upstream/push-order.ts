import type { Report } from '../../agents/report.ts'

/** What tells one pushed report from another. */
export type PushMark = Pick<Report, 'host' | 'seq'> & { readonly boot: number }

/**
 * An agent that began earlier than the one heard last is heard again after so long a silence: its
 * clock may have been set back since. Milliseconds.
 */
const takeoverMs = 30_000

/** Runs of agents whose last number is remembered for a node. */
const maxRuns = 8

/**
 * Which reports of one node are news. Within one run of an agent numbers grow; of two runs the later
 * one counts. So what was sent once changes nothing when it is sent again, by whomever.
 */
export class PushOrder {
  /** The last number taken of each run, the latest run last. */
  readonly #seqs = new Map<string, number>()
  #run: string | null = null
  #boot = 0
  #atMs = 0

  isNews(mark: PushMark, nowMs: number): boolean {
    const run = runOf(mark)
    const last = this.#seqs.get(run)
    if (last !== undefined && mark.seq <= last) return false
    const isOther = this.#run !== null && run !== this.#run
    return !isOther || mark.boot > this.#boot || nowMs - this.#atMs > takeoverMs
  }

  /** Remembers one that was news. */
  take(mark: PushMark, nowMs: number): void {
    const run = runOf(mark)
    this.#seqs.delete(run)
    this.#seqs.set(run, mark.seq)
    const [oldest] = this.#seqs.keys()
    if (this.#seqs.size > maxRuns && oldest !== undefined) this.#seqs.delete(oldest)
    this.#run = run
    this.#boot = mark.boot
    this.#atMs = nowMs
  }
}

function runOf({ host, boot }: PushMark): string {
  return `${boot} ${host}`
}
