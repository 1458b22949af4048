import { Wallet } from 'ethers'
import { testAccounts } from '../accounts.ts'
import { chainId } from './genesis.ts'
import { transferInput, workContracts } from './work-contracts.ts'

/** Enough for a transfer that stores a value for the first time. */
const gasLimit = 80_000
/** The base fee falls from 1 gwei while blocks are not full, and never rises above this here. */
const maxFeePerGas = 3_000_000_000

/**
 * Signed token transfers for `blocks` blocks, from all test accounts in turn, each to an address of
 * its own. A block's are to be in the pool before the next ones are sent.
 * @param first how many blocks' worth have been sent before
 */
export async function signedTransfers(
  blocks: number,
  perBlock: number,
  first = 0,
): Promise<readonly (readonly string[])[]> {
  const wallets = testAccounts.map(({ privateKey }) => new Wallet(privateKey))
  const all: string[][] = []
  for (let block = first; block < first + blocks; block += 1) {
    const raws: string[] = []
    for (let i = 0; i < perBlock; i += 1) {
      const n = block * perBlock + i
      const wallet = wallets[n % wallets.length]
      if (wallet === undefined) throw new RangeError('no test accounts')
      raws.push(
        await wallet.signTransaction({
          type: 2,
          chainId,
          nonce: Math.floor(n / wallets.length),
          to: workContracts.token.address,
          data: transferInput(receiver(n), n + 1),
          gasLimit,
          maxFeePerGas,
          maxPriorityFeePerGas: 1,
        }),
      )
    }
    all.push(raws)
  }
  return all
}

function receiver(n: number): string {
  return `0x${(0xbee0_0000 + n).toString(16).padStart(40, '0')}`
}
