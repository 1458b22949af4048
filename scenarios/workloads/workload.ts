import type { ArrivalShape } from '../load/arrivals.ts'
import type { Random } from '../load/random.ts'
import type { Call } from '../load/transport.ts'
import type { ChainFacts } from './chain.ts'
import type { Script, ScriptContext, Sessions } from './script.ts'

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
  readonly needs?: 'logs' | 'transactions' | `samples of ${string}`
  /** Asked in place of `method` where a call stands alone, outside of the workload's script. */
  readonly standIn?: string
}

/** A mix of calls as one kind of user makes them. */
export type Workload = {
  readonly name: string
  readonly about: string
  /** Labels by which latencies are told apart, cheapest first. */
  readonly classes: readonly string[]
  readonly rows: readonly WorkloadRow[]
  /** How its calls lie in time; Poisson where it does not say. */
  readonly arrivals?: ArrivalShape
  /** Times that were recorded, growing, milliseconds from the first; they take the place of a shape. */
  readonly recordedMs?: Float64Array
  /** Makes the calls of a load that follow from one another; without it rows are drawn. */
  readonly script?: (context: ScriptContext) => Promise<Script>
  /** Calls that one arrival makes, about; 1 where it does not say. Rates count calls. */
  readonly callsPerArrival?: number
  /** The same where calls are made in sessions; then there is no script. */
  readonly sessions?: (context: ScriptContext) => Promise<Sessions>
  /** Makes what rows with that need ask for, see {@link ChainFacts}. */
  readonly samples?: (
    context: Pick<ScriptContext, 'url' | 'seed' | 'signal'>,
  ) => Promise<NonNullable<ChainFacts['samples']>[string]>
}

/** What a need for samples begins with; the name of the workload follows. */
const samplesOf = 'samples of '

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
    const drawn = workload.rows.find((candidate) => {
      left -= candidate.weight
      return left < 0
    })
    const chosen = drawn ?? workload.rows.at(-1)
    if (chosen === undefined) throw new RangeError(`workload ${workload.name} has no rows`)
    const row = workload.rows.indexOf(chosen)
    return { row, ...callOf(workload, chosen, facts, random) }
  }
}

/** One call of a row, or what is asked in its place where the chain does not hold what it needs. */
export function callOf(
  workload: Workload,
  row: WorkloadRow,
  facts: ChainFacts,
  random: Random,
): Call {
  const kind = workload.classes.indexOf(row.class)
  return isMet(row, facts)
    ? { kind, method: row.standIn ?? row.method, params: row.params(facts, random) }
    : { kind, method: 'eth_getBlockByNumber', params: substitute(facts, random) }
}

/** Whether the chain holds what the row asks for. */
export function isMet({ needs }: WorkloadRow, facts: ChainFacts): boolean {
  if (needs?.startsWith(samplesOf) === true) {
    return facts.samples?.[needs.slice(samplesOf.length)] !== undefined
  }
  if (needs === 'logs') return facts.logBlocks !== null
  if (needs === 'transactions') return facts.transactions.length > 0
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

/** A row as most are: always possible, and asked as it is. */
export function row(
  method: string,
  what: string,
  kind: string,
  weight: number,
  params: WorkloadRow['params'],
): WorkloadRow {
  return { method, what, class: kind, weight, params }
}
