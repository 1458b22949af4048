import { testAccounts } from '../accounts.ts'
import { workContracts } from './work-contracts.ts'

/** Of every Geth network here. */
export const chainId = 1_337
/** The same for every node and every run: 2023-11-14 13:03:28 UTC. */
const timestamp = '0x65536f00'
const gasLimit = '0x1c9c380'
/** A million ether for who sends, one wei for who is only read. */
const funds = '0xd3c21bcecceda1000000'
/** Target and most blobs a block, and how fast their price moves, as on Ethereum. */
const blobSchedule = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
  bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 },
  bpo2: { target: 14, max: 21, baseFeeUpdateFraction: 11_684_671 },
}

/**
 * What `geth --dev dumpgenesis` prints, made into a network of several nodes with all forks up to
 * Osaka's second blob schedule, the test accounts and the work contracts.
 *
 * @param bulk accounts beyond those, see {@link bulkAccount}
 * @throws Error for what is no genesis
 */
export function genesisFrom(dump: string, bulk: number): string {
  const genesis: unknown = JSON.parse(dump)
  if (!isObject(genesis) || !isObject(genesis['config']) || !isObject(genesis['alloc'])) {
    throw new Error('geth dumped no genesis')
  }
  const { bogotaTime: _, ...config } = genesis['config']
  const alloc: Record<string, unknown> = { ...genesis['alloc'] }
  for (const { address } of testAccounts) alloc[bare(address)] = { balance: funds }
  for (const { address, code } of Object.values(workContracts)) {
    alloc[bare(address)] = { balance: '0x0', code }
  }
  for (let i = 0; i < bulk; i += 1) alloc[bare(bulkAccount(i))] = { balance: '0x1' }
  return JSON.stringify({
    ...genesis,
    config: { ...config, chainId, osakaTime: 0, bpo1Time: 0, bpo2Time: 0, blobSchedule },
    timestamp,
    gasLimit,
    alloc,
  })
}

/** How many of them a chain has whose reads are to go to the disk: 44 MB of database. */
export const bulkAccounts = 300_000

/** The address of the i-th of the accounts that are only there to be many. */
export function bulkAccount(i: number): string {
  return `0xb01c${i.toString(16).padStart(36, '0')}`
}

function bare(address: string): string {
  return address.slice(2).toLowerCase()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
