import { type TestContext, test } from 'node:test'
import { Interface, Wallet } from 'ethers'
import type { ContractRow, FunctionRow } from '../contracts.ts'
import { parseTransaction } from '../writes/transaction.ts'
import { asFlags, type ProxyProcess, runningProxy, startedProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const folder = `${import.meta.dirname}/../../scenarios/contracts`
const contract = `0x${'ab'.repeat(20)}`
const abi = new Interface([
  'function total() view returns (uint256)',
  'function transfer(bytes32 id, address to)',
])
const transfer = abi.encodeFunctionData('transfer', [`0x${'01'.repeat(32)}`, contract])
const wallet = new Wallet(`0x${'11'.repeat(32)}`)
const fees = { type: 2, chainId: 1, gasLimit: 90_000, maxFeePerGas: 3 }

test('what is called, sent and mined through the proxy is told by contract and function', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const created = `0x${'00'.repeat(20)}`
  for (const node of nodes) {
    node.on('eth_call', ({ params }) => {
      const isTotal = JSON.stringify(params).includes(abi.getFunction('total')?.selector ?? '?')
      return isTotal ? { result: '0x01' } : { error: { code: 3, message: 'execution reverted' } }
    })
    node.on('eth_estimateGas', () => ({ result: '0xc350' }))
    node.on('eth_sendRawTransaction', ({ params }) => {
      const raw = Buffer.from(String(params).slice(2), 'hex')
      return { result: parseTransaction(raw)?.hash }
    })
    node.on('eth_getTransactionReceipt', () => ({
      result: { contractAddress: created, gasUsed: '0xc000', logs: [], status: '0x0' },
    }))
  }
  const proxy = await runningProxy(t, [...asFlags(nodes), '--abi', folder])
  const total = { to: contract, data: abi.encodeFunctionData('total') }
  await proxy.call('eth_call', total, 'latest')
  await proxy.call('eth_call', { to: contract, input: transfer }, 'latest')
  await proxy.call('eth_estimateGas', { to: contract, data: transfer })
  await proxy.call('eth_call', { to: contract, data: '0x' }, 'latest')
  const batch = [1, 2, 3].map((id) => ({
    jsonrpc: '2.0',
    id,
    method: 'eth_call',
    params: [total, 'latest'],
  }))
  await proxy.post(JSON.stringify(batch))
  const deploying = await wallet.signTransaction({ ...fees, nonce: 0, data: '0x6000' })
  await proxy.call('eth_sendRawTransaction', deploying)
  const calling = await wallet.signTransaction({ ...fees, nonce: 1, to: contract, data: transfer })
  const { result: hash } = await proxy.call('eth_sendRawTransaction', calling)
  await proxy.call('eth_getTransactionReceipt', hash)
  await proxy.call('eth_getTransactionReceipt', hash)

  const rows = await contracts(proxy)
  t.assert.deepEqual(
    rows.map(({ name, functions }) => [name, functions.length]),
    [
      ['Marbles', 2],
      [null, 1],
    ],
  )
  t.assert.deepEqual(rows[0]?.functions.map(counts), [
    ['total()', 4, 0, 0, 0, 0],
    ['transfer(bytes32,address)', 3, 1, 1, 1, 0xc000],
  ])
  t.assert.deepEqual(rows[1]?.functions.map(counts), [[null, 1, 1, 0, 0, 0]])
  t.assert.equal(rows[1]?.functions[0]?.selector, 'constructor')
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  const label = `contract="${contract}",function="transfer(bytes32,address)"`
  t.assert.ok(metrics.includes(`equipoise_contract_gas_used_total{${label}} ${0xc000}\n`))
  t.assert.ok(metrics.includes(`equipoise_contract_errors_total{${label}} 1\n`))
})

test('a folder without ABIs is bad usage, said in one line', async (t: TestContext) => {
  const args = ['--node', 'http://127.0.0.1:1', '--abi', `${folder}/nowhere`]
  const { code, stdout, stderr } = await startedProxy(t, args).ended()
  t.assert.deepEqual([code, stdout], [2, ''])
  t.assert.match(stderr, /^abi: .*nowhere.*\n$/)
})

function counts(row: FunctionRow): readonly unknown[] {
  const { signature, calls, transactions, errors, reverted, gasUsed } = row
  return [signature, calls, transactions, errors, reverted, gasUsed]
}

async function contracts({ adminUrl }: ProxyProcess): Promise<readonly ContractRow[]> {
  const answer: unknown = await (await fetch(`${adminUrl}/api/contracts`)).json()
  return (answer as { readonly contracts: readonly ContractRow[] }).contracts
}
