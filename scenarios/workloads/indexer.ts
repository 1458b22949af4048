import type { Call, Settled } from '../load/transport.ts'
import type { ChainFacts } from './chain.ts'
import { type Audit, mostFaults, type Script } from './script.ts'
import { blockNumber, row, type Workload, type WorkloadRow } from './workload.ts'

/** Those that begin at the head, and those that read the chain from its first block on. */
const followers = 4
const backfillers = 2
/** Blocks asked for at once by one indexer; more stay for the next poll. */
const mostAhead = 8

const rows: readonly [WorkloadRow, ...WorkloadRow[]] = [
  row('eth_blockNumber', 'the newest block', 'poll', 40, () => []),
  row('eth_getBlockByNumber', 'with its transactions', 'block', 20, (facts, random) => [
    blockNumber(facts.firstBlock, facts.lastBlock, random),
    true,
  ]),
  row('eth_getBlockReceipts', 'of the same block', 'block', 20, (facts, random) => [
    blockNumber(facts.firstBlock, facts.lastBlock, random),
  ]),
  row('eth_getLogs', 'of the same block, by its hash', 'logs', 20, (facts, random) => {
    const number = blockNumber(facts.firstBlock, facts.lastBlock, random)
    return [{ fromBlock: number, toBlock: number }]
  }),
]

/**
 * Indexers that follow the head: each new block, its receipts and its logs; some read the chain from
 * its beginning first. What belongs to one block must agree, whichever nodes answered.
 */
export const indexer: Workload = {
  name: 'indexer',
  about: `${followers} indexers that follow the head and ${backfillers} that read from the first block on: every block with its transactions, receipts and logs; between blocks they ask for the head`,
  classes: ['poll', 'block', 'logs'],
  rows,
  script: async ({ facts }) => new IndexerScript(facts),
}

const [head, block, receipts, logs] = [0, 1, 2, 3]

/** What one call of an indexer is about. */
type Task = {
  readonly by: Indexer
  readonly row: number
  readonly number: number
  /** Of the block, once that is known. */
  readonly hash: string
}

/** Calls of several indexers in turn; which ones depends on what the answers before them said. */
export class IndexerScript implements Script {
  readonly #indexers: readonly Indexer[]
  readonly #tasks = new Map<Call, Task>()
  readonly #faults: string[] = []
  readonly #counts = { polls: 0, blocks: 0, receipts: 0, logs: 0, turns: 0 }
  #turn = 0

  constructor({ firstBlock, lastBlock }: Pick<ChainFacts, 'firstBlock' | 'lastBlock'>) {
    this.#indexers = [
      ...Array.from({ length: followers }, () => new Indexer(lastBlock)),
      ...Array.from({ length: backfillers }, () => new Indexer(firstBlock - 1)),
    ]
  }

  next(): Call {
    const by = this.#indexers[this.#turn % this.#indexers.length]
    if (by === undefined) throw new RangeError('no indexers')
    this.#turn += 1
    const task = by.queue.shift() ?? { by, row: head, number: 0, hash: '' }
    const call = callOf(task)
    this.#tasks.set(call, task)
    return call
  }

  settled(call: Call, { failure, result }: Settled): void {
    const task = this.#tasks.get(call)
    this.#tasks.delete(call)
    if (task === undefined) return
    if (failure !== null) {
      // A poll comes again by itself; anything else must not be left out.
      if (task.row !== head) task.by.queue.push(task)
      return
    }
    switch (task.row) {
      case head:
        this.#counts.polls += 1
        task.by.heard(Number(result))
        return
      case block:
        this.#counts.blocks += 1
        this.#block(task, result)
        return
      case receipts:
        this.#counts.receipts += countOf(result)
        this.#compare(task, { receipts: countOf(result), logs: logsIn(result) })
        return
      case logs:
        this.#counts.logs += countOf(result)
        this.#compare(task, { found: countOf(result) })
        return
    }
  }

  async finish(): Promise<Audit> {
    const behind = Math.max(...this.#indexers.map((one) => one.behind))
    return { counts: { ...this.#counts, 'most behind': behind }, faults: this.#faults }
  }

  #block(task: Task, result: unknown): void {
    const { by, number } = task
    const { hash, parentHash, number: said, transactions } = fieldsOf(result)
    if (Number(said) !== number || typeof hash !== 'string' || typeof parentHash !== 'string') {
      this.#fault(`block ${number} came as ${String(said)}`)
      return
    }
    if (by.indexed({ number, hash, parentHash })) this.#counts.turns += 1
    by.facts.set(hash, { transactions: countOf(transactions) })
    by.queue.push({ by, row: receipts, number, hash }, { by, row: logs, number, hash })
  }

  /** Once everything of a block has come, it must fit together. */
  #compare({ by, hash, number }: Task, more: BlockFacts): void {
    const known = { ...by.facts.get(hash), ...more }
    by.facts.set(hash, known)
    const { transactions, receipts: count, logs: inReceipts, found } = known
    if (count === undefined || found === undefined) return
    by.facts.delete(hash)
    if (count !== transactions) {
      this.#fault(`block ${number} has ${transactions} transactions and ${count} receipts`)
    }
    if (inReceipts !== found) {
      this.#fault(`block ${number} has ${inReceipts} logs in its receipts, and ${found} are found`)
    }
  }

  #fault(words: string): void {
    if (this.#faults.length < mostFaults) this.#faults.push(words)
  }
}

type BlockFacts = {
  readonly transactions?: number
  readonly receipts?: number
  /** In the receipts, and by themselves. */
  readonly logs?: number
  readonly found?: number
}

type Link = { readonly number: number; readonly hash: string; readonly parentHash: string }

/** One that reads a chain block by block. */
class Indexer {
  readonly queue: Task[] = []
  /** Of blocks of which not everything has come, by hash. */
  readonly facts = new Map<string, BlockFacts>()
  /** The blocks of the last numbers. */
  readonly #links = new Map<number, Link>()
  #asked: number
  #head: number
  #done: number

  /** @param from the last block that it has */
  constructor(from: number) {
    this.#asked = from
    this.#done = from
    this.#head = from
  }

  /** Blocks that it has not got yet. */
  get behind(): number {
    return this.#head - this.#done
  }

  /** The head is there: asks for what is new. A lower head than before brings nothing. */
  heard(number: number): void {
    this.#head = Math.max(this.#head, number)
    while (this.#asked < this.#head && this.queue.length < mostAhead) {
      this.#asked += 1
      this.queue.push({ by: this, row: block, number: this.#asked, hash: '' })
    }
  }

  /** @returns whether the chain has turned: the block does not stand on the one before it */
  indexed(link: Link): boolean {
    this.#done = Math.max(this.#done, link.number)
    this.#links.set(link.number, link)
    this.#links.delete(link.number - 64)
    const before = this.#links.get(link.number - 1)
    return before !== undefined && before.hash !== link.parentHash
  }
}

function callOf({ row, number, hash }: Task): Call {
  const { method, class: kind } = rows[row] ?? rows[0]
  const of = { kind: indexer.classes.indexOf(kind), row, method }
  const tag = `0x${number.toString(16)}`
  switch (row) {
    case block:
      return { ...of, params: [tag, true] }
    case receipts:
      return { ...of, params: [hash] }
    case logs:
      return { ...of, params: [{ blockHash: hash }] }
  }
  return { ...of, params: [] }
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

function logsIn(value: unknown): number {
  if (!Array.isArray(value)) return 0
  return value.reduce((sum: number, receipt) => sum + countOf(fieldsOf(receipt)['logs']), 0)
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
