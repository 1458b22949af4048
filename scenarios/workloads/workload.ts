import type { Call } from '../load/open-loop.ts'
import type { Random } from '../load/random.ts'
import type { ChainFacts } from './chain.ts'

/** One kind of call of a workload. */
export type WorkloadRow = {
  readonly method: string
  /** What is asked, for people, such as `5 ms of work`. */
  readonly what: string
  readonly class: string
  /** Relative frequency, above 0; only the ratio of rows counts. */
  readonly weight: number
  /** Draws the arguments. Draws the same number of times for the same facts. */
  readonly params: (facts: ChainFacts, random: Random) => readonly unknown[]
  /** What the chain must hold for it; without that its calls ask for a block instead. */
  readonly needs?: 'logs' | 'transactions'
}

/** A mix of calls as one kind of user makes them. */
export type Workload = {
  readonly name: string
  readonly about: string
  /** Labels by which latencies are told apart, cheapest first. */
  readonly classes: readonly string[]
  readonly rows: readonly WorkloadRow[]
}

/** Asked in place of a row whose need the chain does not meet. */
const substitute = (facts: ChainFacts, random: Random): readonly unknown[] => [
  blockNumber(facts.firstBlock, facts.lastBlock, random),
  false,
]

/**
 * An endless sequence of calls: the same for the same workload, facts and stream.
 * @returns a function for one draw, see `OpenLoopOptions.nextCall`
 */
export function drawCalls(workload: Workload, facts: ChainFacts, random: Random): () => Call {
  const total = workload.rows.reduce((sum, row) => sum + row.weight, 0)
  return () => {
    let left = random() * total
    const row = workload.rows.find((candidate) => {
      left -= candidate.weight
      return left < 0
    })
    const chosen = row ?? workload.rows.at(-1)
    if (chosen === undefined) throw new RangeError(`workload ${workload.name} has no rows`)
    const kind = workload.classes.indexOf(chosen.class)
    return isMet(chosen, facts)
      ? { kind, method: chosen.method, params: chosen.params(facts, random) }
      : { kind, method: 'eth_getBlockByNumber', params: substitute(facts, random) }
  }
}

/** Whether the chain holds what the row asks for. */
export function isMet(row: WorkloadRow, facts: ChainFacts): boolean {
  if (row.needs === 'logs') return facts.logBlocks !== null
  if (row.needs === 'transactions') return facts.transactions.length > 0
  return true
}

/** A block number from first to last, each as likely, in the wire's form. */
export function blockNumber(first: number, last: number, random: Random): string {
  return `0x${(first + Math.floor(random() * (last - first + 1))).toString(16)}`
}

/** One of the items, each as likely. @throws RangeError when there are none */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
