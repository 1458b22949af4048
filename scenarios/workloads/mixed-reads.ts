import { burnCode } from './burn.ts'
import type { ChainFacts } from './chain.ts'
import { lightRows } from './light-reads.ts'
import { row, type Workload } from './workload.ts'

/**
 * A public endpoint's mix: three calls of four are light, the fourth does nine tenths of the work.
 * Contract calls come in two sizes, because what a call costs follows its work, not its name
 * (1 : 457 within `eth_call` on Geth).
 */
export const mixedReads: Workload = {
  name: 'mixed-reads',
  about: 'the mix of a public endpoint: 76 % light reads; contract calls of 5 and 40 ms, logs',
  classes: ['light', 'heavy'],
  rows: [
    ...lightRows,
    row('eth_call', '12,000 rounds of work, 5 ms on Anvil', 'heavy', 18, () => [
      { data: burnCode(12_000) },
      'latest',
    ]),
    row('eth_call', '95,000 rounds of work, 40 ms on Anvil', 'heavy', 2, () => [
      { data: burnCode(95_000) },
      'latest',
    ]),
    { ...row('eth_getLogs', 'half of the seeded blocks', 'heavy', 4, halfOfLogs), needs: 'logs' },
  ],
}

function halfOfLogs(facts: ChainFacts, random: () => number): readonly unknown[] {
  const { first, last } = facts.logBlocks ?? { first: facts.lastBlock, last: facts.lastBlock }
  const half = Math.ceil((last - first + 1) / 2)
  const from = first + Math.floor(random() * (last - first + 2 - half))
  const to = from + half - 1
  return [{ fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` }]
}
