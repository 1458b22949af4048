import { Contracts } from '../../contracts.ts'
import { ContractStats } from '../../stats/contract-stats.ts'

const marbles = `0x${'ab'.repeat(20)}`
const unknown = `0x${'cd'.repeat(20)}`

const signatures: ReadonlyMap<string, string> = new Map([
  ['0x9c1f67ce', 'create(string,string,uint256)'],
  ['0x0cf20cc9', 'transfer(bytes32,address)'],
])

/** Two contracts, one with a name and a function in trouble, and some that were forgotten. */
export const sampleContracts: Contracts = made()

function made(): Contracts {
  const stats = new ContractStats(5)
  const atMs = Date.UTC(2026, 10, 21, 12)
  for (const selector of ['00000001', '00000002']) {
    stats.record(unknown + selector, false, false, 2, atMs - 60_000, 12)
  }
  stats.record(`${marbles}constructor`, true, false, 31, atMs - 50_000)
  stats.record(`${marbles}9c1f67ce`, true, false, 4.2, atMs - 2_000, 420)
  stats.record(`${marbles}0cf20cc9`, true, false, 3.1, atMs - 1_000, 130)
  stats.record(`${marbles}0cf20cc9`, true, true, 9.4, atMs - 500, 8)
  stats.record(`${marbles}8eaa6ac0`, false, false, 0.8, atMs - 100, 96)
  stats.record(`${unknown}70a08231`, false, false, 0.6, atMs, 210)
  for (let n = 0; n < 400; n += 1) stats.mined(`${marbles}9c1f67ce`, 151_204, n < 3)
  for (let n = 0; n < 130; n += 1) stats.mined(`${marbles}0cf20cc9`, 61_870, false)
  stats.mined(`${marbles}constructor`, 1_204_551, false)
  const names = {
    signatureOf: (selector: string) => signatures.get(selector) ?? null,
    contractOf: (address: string) => (address === marbles ? 'Marbles' : null),
  }
  return new Contracts(stats, { nowMs: () => atMs }, names, () => atMs)
}
