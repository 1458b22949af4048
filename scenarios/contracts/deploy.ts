import { ContractFactory, JsonRpcProvider, Wallet } from 'ethers'
import type { Account } from '../fleets/accounts.ts'
import { artifactOf } from './artifacts.ts'
import { contractNames } from './compile.ts'

const pollMs = 100

/**
 * Deploys every demo contract through `endpoint`, paid for by the first account, and waits for
 * their receipts.
 * @returns addresses by name
 */
export async function deployContracts(
  endpoint: string,
  accounts: readonly Account[],
): Promise<Readonly<Record<string, string>>> {
  const [payer] = accounts
  if (payer === undefined) throw new RangeError('no account to deploy from')
  const provider = new JsonRpcProvider(endpoint, undefined, { pollingInterval: pollMs })
  try {
    const wallet = new Wallet(payer.privateKey, provider)
    const firstNonce = await wallet.getNonce()
    // Sent together: they stand in one block, and none waits for the other's.
    const deployed = await Promise.all(
      contractNames.map(async (name, i) => {
        const { abi, bytecode } = artifactOf(name)
        const factory = new ContractFactory([...abi], bytecode, wallet)
        const contract = await factory.deploy({ nonce: firstNonce + i })
        await contract.waitForDeployment()
        return [name, await contract.getAddress()] as const
      }),
    )
    return Object.fromEntries(deployed)
  } finally {
    provider.destroy()
  }
}
