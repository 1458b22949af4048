import type { TestContext } from 'node:test'
import {
  type Address,
  createNonceManager,
  createPublicClient,
  createWalletClient,
  type Hash,
  type Hex,
  http,
  type TransactionReceipt,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { jsonRpc } from 'viem/nonce'
import type { Stack } from '../../stack.ts'
import { marblesAbi, marblesBytecode } from './marbles.ts'
import type { Target } from './targets.ts'

const pollingInterval = 100

export type ViemClients = ReturnType<typeof viemClients>

/**
 * Clients of one target: over HTTP, where calls of the same moment are a batch, and over WebSocket.
 * They end with the test, behind what was put into `endings`.
 */
export function viemClients(t: TestContext, target: Target) {
  const chain = { ...foundry, id: target.chainId }
  const transport = http(target.url, { batch: true })
  const feed = createPublicClient({
    chain,
    transport: webSocket(target.wsUrl, { reconnect: false, keepAlive: false }),
  })
  const endings: (() => unknown)[] = []
  t.after(async () => {
    for (const end of endings) await end()
    const connection = await feed.transport.getRpcClient()
    connection.close()
  })
  return {
    reader: createPublicClient({ chain, transport, pollingInterval }),
    feed,
    endings,
  }
}

/** One wallet for each account of the stack; nonces are counted here once they were asked for. */
export function viemWallets(stack: Stack, target: Target) {
  const chain = { ...foundry, id: target.chainId }
  const transport = http(target.url, { batch: true })
  const nonceManager = createNonceManager({ source: jsonRpc() })
  return stack.accounts.map(({ privateKey }) => {
    const account = privateKeyToAccount(privateKey as Hex, { nonceManager })
    return createWalletClient({ account, chain, transport, pollingInterval })
  })
}

/**
 * The receipt, as soon as there is one. Without the look for replacements: of a transaction whose
 * receipt one node shows and another does not yet, viem says that it was replaced, and gives up.
 */
export async function receiptOf({ reader }: ViemClients, hash: Hash): Promise<TransactionReceipt> {
  return await reader.waitForTransactionReceipt({ hash, checkReplacement: false })
}

/** Deploys Marbles and returns where it is, once every node has it. */
export async function deployedMarbles(
  clients: ViemClients,
  [wallet]: ReturnType<typeof viemWallets>,
  target: Target,
): Promise<{ readonly address: Address; readonly block: bigint }> {
  if (wallet === undefined) throw new Error('no wallet')
  const hash = await wallet.deployContract({ abi: marblesAbi, bytecode: marblesBytecode })
  const { contractAddress, blockNumber } = await receiptOf(clients, hash)
  if (contractAddress === null || contractAddress === undefined) throw new Error('not deployed')
  await target.has(blockNumber)
  return { address: contractAddress, block: blockNumber }
}
