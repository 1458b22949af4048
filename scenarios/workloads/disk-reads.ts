import { bulkAccount, bulkAccounts } from '../fleets/geth/genesis.ts'
import type { Random } from '../load/random.ts'
import type { Workload, WorkloadRow } from './workload.ts'

/** Of all calls. */
const share = 0.4
const kind = 'disk'

/** Reads of random accounts among very many, which go to the disk wherever it is not in memory. */
const rows: readonly (readonly [method: string, part: number, params: WorkloadRow['params']])[] = [
  ['eth_getBalance', 0.55, (_facts, random) => [anyBulkAccount(random), 'latest']],
  ['eth_getProof', 0.45, (_facts, random) => [anyBulkAccount(random), [], 'latest']],
]

/** A workload of which two calls of five read a random account of 300,000, a class of their own. */
export function withDiskReads(workload: Workload, name: string): Workload {
  const total = workload.rows.reduce((sum, row) => sum + row.weight, 0)
  const weight = (total * share) / (1 - share)
  const [cheapest, ...others] = workload.classes
  return {
    ...workload,
    name,
    about: `${workload.about}; and two calls of five read random accounts of ${bulkAccounts}`,
    classes: [...(cheapest === undefined ? [] : [cheapest]), kind, ...others],
    rows: [
      ...workload.rows,
      ...rows.map(([method, part, params]) => ({
        ...{ method, what: 'a random account of many', class: kind, weight: weight * part, params },
      })),
    ],
  }
}

function anyBulkAccount(random: Random): string {
  return bulkAccount(Math.floor(random() * bulkAccounts))
}
