import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { ContractFactory, JsonRpcProvider, parseEther, Wallet } from 'ethers'
import {
  type Abi,
  createPublicClient,
  createWalletClient,
  getContract,
  type Hex,
  http,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { artifactOf } from '../../contracts/artifacts.ts'
import type { Stack } from '../../stack.ts'
import { everyNodeAt, standingStack } from './standing-stack.ts'

let stack: Stack
before(async () => {
  stack = await standingStack()
})
after(async () => {
  await stack.close()
})

const marbles = artifactOf('Marbles')
const privateEquity = artifactOf('PrivateEquity')

test('viem reads, sends, deploys and calls as on one node', async (t: TestContext) => {
  const { account, reader, writer } = viem(0)
  t.assert.ok((await reader.getBlockNumber()) >= 1n)
  t.assert.equal(await reader.getBalance({ address: addressAt(9) }), parseEther('10000'))

  const hash = await writer.sendTransaction({ to: addressAt(9), value: 7n })
  const sent = await reader.waitForTransactionReceipt({ hash })
  t.assert.equal(sent.status, 'success')
  await everyNodeAt(stack, sent.blockNumber)
  t.assert.equal(await reader.getBalance({ address: addressAt(9) }), parseEther('10000') + 7n)

  const abi = marbles.abi as unknown as Abi
  const deployed = await reader.waitForTransactionReceipt({
    hash: await writer.deployContract({ abi, bytecode: marbles.bytecode as Hex }),
  })
  const address = deployed.contractAddress
  if (address === null || address === undefined) throw new Error('no contract in the receipt')
  await everyNodeAt(stack, deployed.blockNumber)
  const contract = getContract({ address, abi, client: { public: reader, wallet: writer } })
  const created = await reader.waitForTransactionReceipt({
    hash: (await contract.write['create']?.(['tiger', 'green', 35n])) as Hex,
  })
  await everyNodeAt(stack, created.blockNumber)
  const id = await contract.read['idOf']?.(['tiger'])
  const marble = (await contract.read['get']?.([id])) as { owner: string; size: bigint }
  t.assert.equal(marble.owner, account.address)
  t.assert.equal(marble.size, 35n)
  const logs = await reader.getLogs({ address, fromBlock: created.blockNumber })
  t.assert.equal(logs.length, 1)
  await t.assert.rejects(
    async () => await contract.read['get']?.([`0x${'1'.repeat(64)}`]),
    /Unknown/,
  )
})

test('viem follows the head over WebSocket, with no gap', async (t: TestContext) => {
  const client = createPublicClient({
    chain: foundry,
    transport: webSocket(stack.endpoint.replace('http', 'ws')),
  })
  const seen: bigint[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const unwatch = client.watchBlockNumber({
    emitOnBegin: false,
    onBlockNumber: (number) => {
      seen.push(number)
      if (seen.length === 4) resolve()
    },
    onError: reject,
  })
  await promise
  unwatch()
  const [first = 0n] = seen
  t.assert.deepEqual(
    seen.slice(0, 4),
    [0n, 1n, 2n, 3n].map((n) => first + n),
  )
  const transport = await client.transport.getRpcClient()
  transport.close()
})

test('ethers reads, sends, deploys and calls as on one node', async (t: TestContext) => {
  const provider = new JsonRpcProvider(stack.endpoint, undefined, { pollingInterval: 100 })
  t.after(() => provider.destroy())
  const wallet = new Wallet(keyAt(1), provider)
  t.assert.ok((await provider.getBlockNumber()) >= 1)
  t.assert.equal(await provider.getBalance(addressAt(8)), parseEther('10000'))

  const sent = await (await wallet.sendTransaction({ to: addressAt(8), value: 5n })).wait()
  t.assert.equal(sent?.status, 1)
  await everyNodeAt(stack, sent?.blockNumber ?? 0)
  t.assert.equal(await provider.getBalance(addressAt(8)), parseEther('10000') + 5n)

  const { abi, bytecode } = privateEquity
  const factory = new ContractFactory([...abi], bytecode, wallet)
  const contract = await factory.deploy()
  const deployed = await contract.deploymentTransaction()?.wait()
  await everyNodeAt(stack, deployed?.blockNumber ?? 0)
  const opened = await (await contract.getFunction('openFund').send(10n, 100n)).wait()
  await everyNodeAt(stack, opened?.blockNumber ?? 0)
  t.assert.equal(await contract.getFunction('fundCount').staticCall(), 1n)
  await t.assert.rejects(
    async () => await contract.getFunction('subscribe').staticCall(0n, 1n, { value: 1n }),
    /WrongPayment|execution reverted/,
  )
})

test('cast reads, sends, deploys and calls as on one node', async (t: TestContext) => {
  t.assert.ok(Number(await cast('block-number')) >= 1)
  t.assert.equal(await cast('chain-id'), '31337')
  t.assert.equal(await cast('balance', '--ether', addressAt(7)), '10000.000000000000000000')
  const key = ['--private-key', keyAt(2), '--json']
  const sent = JSON.parse(await cast('send', addressAt(7), '--value', '3', ...key))
  t.assert.equal(sent.status, '0x1')
  await everyNodeAt(stack, Number(sent.blockNumber))
  t.assert.equal(await cast('balance', addressAt(7)), '10000000000000000000003')
  const made = JSON.parse(await cast('send', ...key, '--create', marbles.bytecode))
  await everyNodeAt(stack, Number(made.blockNumber))
  const create = ['create(string,string,uint256)', 'lion', 'red', '9']
  const created = JSON.parse(await cast('send', made.contractAddress, ...create, ...key))
  await everyNodeAt(stack, Number(created.blockNumber))
  t.assert.equal(await cast('call', made.contractAddress, 'total()(uint256)'), '1')
  t.assert.equal(await cast('receipt', created.transactionHash, 'status'), 'true')
  await t.assert.rejects(cast('rpc', 'nope_method'), /does not exist\/is not available/)
})

/** Runs the cast of this suite's manifest against the endpoint. */
async function cast(command: string, ...args: string[]): Promise<string> {
  const platform = `${process.platform === 'darwin' ? 'darwin' : 'linux'}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const binary = join(import.meta.dirname, `node_modules/@foundry-rs/cast-${platform}/bin/cast`)
  const { stdout } = await promisify(execFile)(binary, [command, ...args], {
    env: { ...process.env, ETH_RPC_URL: stack.endpoint },
  })
  return stdout.trim()
}

function viem(index: number) {
  const account = privateKeyToAccount(keyAt(index))
  const transport = http(stack.endpoint, { batch: true })
  const pollingInterval = 100
  return {
    account,
    reader: createPublicClient({ chain: foundry, transport, pollingInterval }),
    writer: createWalletClient({ account, chain: foundry, transport, pollingInterval }),
  }
}

function keyAt(index: number): Hex {
  return (stack.accounts[index]?.privateKey ?? '') as Hex
}

function addressAt(index: number): Hex {
  return (stack.accounts[index]?.address ?? '') as Hex
}
