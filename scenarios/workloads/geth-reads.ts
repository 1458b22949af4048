import { bulkAccount, bulkAccounts } from '../fleets/geth/genesis.ts'
import { burnInput, workContracts } from '../fleets/geth/work-contracts.ts'
import type { Random } from '../load/random.ts'
import type { ChainFacts } from './chain.ts'
import { pick, row, type Workload, type WorkloadRow } from './workload.ts'

/** Rounds of the burner by what they cost a Geth: about 1 µs of CPU each (Geth 1.17.5). */
const roundsPerMs = 1_000

const constants: readonly WorkloadRow[] = [
  row('eth_chainId', 'constant', 'light', 15, () => []),
  row('eth_blockNumber', 'head', 'light', 15, () => []),
]

const balances = row('eth_getBalance', 'latest', 'light', 20, (facts, random) => [
  pick(facts.accounts, random),
  'latest',
])

const receipts: WorkloadRow = {
  ...row('eth_getTransactionReceipt', 'a mined transfer', 'light', 15, (facts, random) => [
    pick(facts.transactions, random),
  ]),
  needs: 'transactions',
}

const work: readonly WorkloadRow[] = [
  row('eth_call', '2.6 to 6.2 ms of work', 'heavy', 25, (_facts, random) => [
    burn(2.6, 6.2, random),
    'latest',
  ]),
  {
    ...row('eth_getLogs', '16 to 50 blocks of 40 logs', 'heavy', 6.5, logRange),
    needs: 'logs',
  },
  row('debug_traceCall', '31 to 48 ms of work', 'heavy', 3.5, (_facts, random) => [
    burn(31, 48, random),
    'latest',
    { tracer: 'callTracer' },
  ]),
]

/**
 * What trials on real Geths ask: two calls of three are light, the third does nearly all of the
 * work, a trace 300 times that of a light call.
 */
export const gethReads: Workload = {
  name: 'geth-reads',
  about: 'light reads, contract calls of 2.6 to 6.2 ms, logs of 16 to 50 blocks, traces of 40 ms',
  classes: ['light', 'heavy'],
  rows: [...constants, balances, receipts, ...work],
}

/**
 * The same with reads of random accounts among very many, which go to the disk wherever it is not
 * in memory.
 */
export const gethDiskReads: Workload = {
  name: 'geth-disk-reads',
  about: 'the same, and two calls of five read random accounts of 300,000',
  classes: ['light', 'disk', 'heavy'],
  rows: [
    ...constants,
    receipts,
    row('eth_getBalance', 'a random account of many', 'disk', 22, (_facts, random) => [
      anyBulkAccount(random),
      'latest',
    ]),
    row('eth_getProof', 'a random account of many', 'disk', 18, (_facts, random) => [
      anyBulkAccount(random),
      [],
      'latest',
    ]),
    ...work.map((one) => ({ ...one, weight: one.weight * 0.6 })),
  ],
}

function burn(leastMs: number, mostMs: number, random: Random): unknown {
  const ms = leastMs + (mostMs - leastMs) * random()
  return { to: workContracts.burner.address, data: burnInput(Math.round(ms * roundsPerMs)) }
}

/** As many blocks as there are, where there are fewer. */
function logRange({ logBlocks, lastBlock }: ChainFacts, random: Random): readonly unknown[] {
  const { first, last } = logBlocks ?? { first: lastBlock, last: lastBlock }
  const length = Math.min(last - first + 1, 16 + Math.floor(random() * 35))
  const from = first + Math.floor(random() * (last - first + 2 - length))
  return [{ fromBlock: hex(from), toBlock: hex(from + length - 1) }]
}

function anyBulkAccount(random: Random): string {
  return bulkAccount(Math.floor(random() * bulkAccounts))
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}
