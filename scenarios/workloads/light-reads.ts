import { burnCode } from './burn.ts'
import { blockNumber, pick, type Workload, type WorkloadRow } from './workload.ts'

/** What wallets and scripts ask all day: each is answered within a fraction of a millisecond. */
export const lightRows: readonly WorkloadRow[] = [
  light('eth_chainId', 'constant', 12, () => []),
  light('eth_blockNumber', 'head', 14, () => []),
  light('eth_getBalance', 'latest', 18, (facts, random) => [
    pick(facts.accounts, random),
    'latest',
  ]),
  light('eth_getTransactionCount', 'latest', 4, (facts, random) => [
    pick(facts.accounts, random),
    'latest',
  ]),
  light('eth_gasPrice', 'head', 4, () => []),
  light('eth_call', '200 rounds of work, as a token balance', 10, () => [
    { data: burnCode(200) },
    'latest',
  ]),
  light('eth_getBlockByNumber', 'hashes only', 7, (facts, random) => [
    blockNumber(facts.firstBlock, facts.lastBlock, random),
    false,
  ]),
  {
    ...light('eth_getTransactionReceipt', 'a mined transaction', 7, (facts, random) => [
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

function light(
  method: string,
  what: string,
  weight: number,
  params: WorkloadRow['params'],
): WorkloadRow {
  return { method, what, class: 'light', weight, params }
}
