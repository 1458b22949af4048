import type { Random } from '../load/random.ts'
import type { ChainFacts } from './chain.ts'
import { lightRows } from './light-reads.ts'
import { blockNumber, pick, type Workload, type WorkloadRow } from './workload.ts'

/** Blocks that one call spans at most, whatever the chain has. */
const mostBlocks = 100

/**
 * An explorer's or an accountant's day: two calls of three look through logs, over ranges that differ
 * by two orders of magnitude, and some find nothing and cost no more than the blooms.
 */
export const heavyLogs: Workload = {
  name: 'heavy-logs',
  about: 'logs of one block to a hundred, receipts of whole blocks; a third are light reads',
  classes: ['light', 'heavy'],
  rows: [
    ...lightRows.filter(({ method }) => /blockNumber|getBlockByNumber|getBalance/.test(method)),
    logs('one block', 20, (blocks, random) => range(blocks, 0, random)),
    logs('a quarter of the blocks with logs, at most 100', 28, (blocks, random) =>
      range(blocks, 0.25, random),
    ),
    logs('half of them', 15, (blocks, random) => range(blocks, 0.5, random)),
    logs('all of them', 6, (blocks, random) => range(blocks, 1, random)),
    logs('all of them, of an account that leaves none', 9, (blocks, random, facts) => ({
      ...range(blocks, 1, random),
      address: pick(facts.accounts, random),
    })),
    {
      ...{ method: 'eth_getBlockReceipts', what: 'a block with logs', class: 'heavy', weight: 8 },
      params: (facts, random) => {
        const { first, last } = blocksOf(facts)
        return [blockNumber(first, last, random)]
      },
      needs: 'logs',
    },
  ],
}

type Blocks = NonNullable<ChainFacts['logBlocks']>

function logs(
  what: string,
  weight: number,
  filter: (blocks: Blocks, random: Random, facts: ChainFacts) => object,
): WorkloadRow {
  return {
    ...{ method: 'eth_getLogs', what, class: 'heavy', weight, needs: 'logs' },
    params: (facts, random) => [filter(blocksOf(facts), random, facts)],
  }
}

function blocksOf({ logBlocks, lastBlock }: ChainFacts): Blocks {
  return logBlocks ?? { first: lastBlock, last: lastBlock }
}

/** So many of the blocks as the share says, one at least, anywhere among them. */
function range({ first, last }: Blocks, share: number, random: Random): object {
  const all = last - first + 1
  const length = Math.max(1, Math.min(mostBlocks, Math.ceil(share * all)))
  const from = first + Math.floor(random() * (all - length + 1))
  return { fromBlock: hex(from), toBlock: hex(from + length - 1) }
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}
