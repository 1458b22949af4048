import { burnCode } from './burn.ts'
import { blockNumber, pick, row, type Workload, type WorkloadRow } from './workload.ts'

/** What wallets and scripts ask all day: each is answered within a fraction of a millisecond. */
export const lightRows: readonly WorkloadRow[] = [
  row('eth_chainId', 'constant', 'light', 12, () => []),
  row('eth_blockNumber', 'head', 'light', 14, () => []),
  row('eth_getBalance', 'latest', 'light', 18, (facts, random) => [
    pick(facts.accounts, random),
    'latest',
  ]),
  row('eth_getTransactionCount', 'latest', 'light', 4, (facts, random) => [
    pick(facts.accounts, random),
    'latest',
  ]),
  row('eth_gasPrice', 'head', 'light', 4, () => []),
  row('eth_call', '200 rounds of work, as a token balance', 'light', 10, () => [
    { data: burnCode(200) },
    'latest',
  ]),
  row('eth_getBlockByNumber', 'hashes only', 'light', 7, (facts, random) => [
    blockNumber(facts.firstBlock, facts.lastBlock, random),
    false,
  ]),
  {
    ...row('eth_getTransactionReceipt', 'a mined transaction', 'light', 7, (facts, random) => [
      pick(facts.transactions, random),
    ]),
    needs: 'transactions',
  },
]

/** The light part of {@link mixedReads} alone: the cost of the way to the node shows best here. */
export const lightReads: Workload = {
  name: 'light-reads',
  about: 'what wallets ask all day: chain id, head, balances, receipts; no call costs 1 ms of CPU',
  classes: ['light'],
  rows: lightRows,
}
