import type { Contracts } from '../contracts.ts'
import type { FunctionCalls } from '../stats/contract-stats.ts'
import type { NumberRow } from './row.ts'

const msPerSecond = 1000

/** Each function by contract and, as far as ABIs tell, signature; those without room are `other`. */
const labels = ['contract', 'function'] as const

type Kind = NumberRow['kind']

/** A row with one series for each function that was called. `of` gives null where there is none. */
function perFunction(
  kind: Kind,
  help: string,
  of: (calls: FunctionCalls, contracts: Contracts) => number | null,
): NumberRow {
  return {
    kind,
    help,
    labels,
    read({ contracts }, put) {
      const { stats } = contracts
      for (const calls of [...stats.functions(), stats.other]) {
        const value = of(calls, contracts)
        if (value !== null) put(value, calls.contract, contracts.label(calls.selector))
      }
    },
  }
}

/** Metrics of the contracts that were called through the proxy: at most 257 series each. */
export const contractRows = {
  contract_calls_total: perFunction(
    'counter',
    'Calls and raw transactions to functions of contracts, answered.',
    ({ calls }) => calls,
  ),
  contract_transactions_total: perFunction(
    'counter',
    'Raw transactions among these.',
    ({ transactions }) => transactions,
  ),
  contract_errors_total: perFunction(
    'counter',
    'Calls of contracts answered with an error, a revert among them.',
    ({ errors }) => errors,
  ),
  contract_reverted_total: perFunction(
    'counter',
    'Transactions to contracts that failed in their block.',
    ({ reverted }) => reverted,
  ),
  contract_gas_used_total: perFunction(
    'counter',
    'Gas that transactions to contracts used, by their receipts.',
    ({ gasUsed }) => gasUsed,
  ),
  contract_response_seconds_total: perFunction(
    'counter',
    'Time from the arrival of calls of contracts to their answers, added up.',
    ({ sumMs }) => sumMs / msPerSecond,
  ),
  contract_response_min_seconds: perFunction(
    'gauge',
    'Shortest such time since the start.',
    ({ calls, minMs }) => (calls === 0 ? null : minMs / msPerSecond),
  ),
  contract_response_max_seconds: perFunction(
    'gauge',
    'Longest such time since the start.',
    ({ calls, maxMs }) => (calls === 0 ? null : maxMs / msPerSecond),
  ),
  contract_last_activity_timestamp_seconds: perFunction(
    'gauge',
    'When the last call was answered, in seconds since 1970.',
    ({ calls, lastMs }, contracts) =>
      calls === 0 ? null : contracts.wallMsOf(lastMs) / msPerSecond,
  ),
} as const satisfies Record<string, NumberRow>
