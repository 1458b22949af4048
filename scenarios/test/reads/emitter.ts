import { getCreateAddress } from 'ethers'
import { deploymentOf } from '../../fleets/geth/work-contracts.ts'
import type { ReadsStack } from './stack.ts'

/**
 * Called with a number n from 1, it makes n events, the i-th from n down to 1 with the topics i mod 3
 * and i mod 5 and i itself as data.
 */
const code = [
  '5f35', // 00 n: how many are left
  '5b', // 02 JUMPDEST
  '805f52', // 03 MSTORE it at 0: the event's data
  '60058106', // 06 second topic
  '60038206', // 0a first topic
  '60205fa2', // 0e LOG2 with memory 0 to 31
  '600190', // 12 one
  '03', // 15 less
  '80600257', // 16 back to 02 while some are left
  '00', // 1a STOP
].join('')

const gasOfCall = 40_000
const gasOfEvent = 3_000

/** The topics there are, in the place of the first, and of the second. */
export const topics = Array.from({ length: 5 }, (_, i) => `0x${String(i).padStart(64, '0')}`)

/** Two contracts that make events. @returns their addresses in lower case */
export async function deployEmitters({ cluster, payer }: ReadsStack): Promise<readonly string[]> {
  const from = payer.address
  const addresses: string[] = []
  const raws: string[] = []
  for (let i = 0; i < 2; i += 1) {
    addresses.push(getCreateAddress({ from, nonce: payer.nonce }).toLowerCase())
    raws.push(await payer.call(null, deploymentOf(`0x${code}`), 200_000))
  }
  await cluster.seal(raws)
  return addresses
}

/** A transaction that makes `count` events. */
export function emit({ payer }: ReadsStack, address: string, count: number): Promise<string> {
  const data = `0x${count.toString(16).padStart(64, '0')}`
  return payer.call(address, data, gasOfCall + count * gasOfEvent)
}
