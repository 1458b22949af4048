import { type TestContext, test } from 'node:test'
import { keccak256, Wallet } from 'ethers'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const wallet = new Wallet(`0x${'11'.repeat(32)}`)
const pending = [wallet.address, 'pending']

/** In three forms, because each goes its own way through the proxy. */
const forms = ['alone', 'in a batch', 'in a batch of reads of many kinds'] as const

test('who has sent a transaction sees it in the pending nonce and by its hash, whichever node is asked', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const proxy = await runningProxy(t, asFlags(nodes))
  const form = {
    type: 2,
    chainId: 31_337n,
    gasLimit: 21_000n,
    maxFeePerGas: 3n,
    to: wallet.address,
  }
  const raw = await wallet.signTransaction({ ...form, nonce: 4 })
  const hash = `0x${'ab'.repeat(32)}`
  let sent = ''
  for (const node of nodes) {
    // One pool alone has it, and the others say so.
    const isHolder = node.name === 'b'
    node.on('eth_sendRawTransaction', ({ params }) => {
      sent = String(params)
      return isHolder ? { result: hash } : { error: { code: -32000, message: 'txpool is full' } }
    })
    node.on('eth_getTransactionCount', () => ({ result: '0x4' }))
    node.on('eth_getTransactionByHash', () => ({ result: isHolder ? { hash: 'found' } : null }))
  }
  t.assert.deepEqual((await proxy.call('eth_sendRawTransaction', raw)).result, hash)
  t.assert.equal(sent, raw)
  const byHash = ['eth_getTransactionByHash', [keccak256(raw)]] as const
  const nonce = ['eth_getTransactionCount', pending] as const
  for (const how of forms) {
    const asked =
      how === 'alone'
        ? []
        : how === 'in a batch'
          ? [nonce, nonce, byHash, byHash]
          : [['eth_chainId', []] as const, nonce, ['eth_gasPrice', []] as const, byHash]
    const calls = asked.length === 0 ? [[nonce], [byHash]] : [asked]
    for (const call of calls) {
      const requests = call.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }))
      const isAlone = requests.length === 1
      const response = await proxy.fetch(JSON.stringify(isAlone ? requests[0] : requests))
      const said = (await response.json()) as unknown
      const answers = (isAlone ? [said] : said) as { id: number; result: unknown }[]
      for (const { id, result } of answers) {
        const method = call[id]?.[0]
        if (method === 'eth_getTransactionCount') t.assert.equal(result, '0x5', how)
        if (method === 'eth_getTransactionByHash')
          t.assert.deepEqual(result, { hash: 'found' }, how)
      }
    }
  }
})

test('pending state of who has sent is asked of the pool that took it, alone and in a batch', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const proxy = await runningProxy(t, asFlags(nodes))
  const form = { type: 2, chainId: 31_337n, gasLimit: 21_000n, maxFeePerGas: 3n, nonce: 0 }
  const raw = await wallet.signTransaction({ ...form, to: wallet.address })
  for (const node of nodes) {
    node.on('eth_sendRawTransaction', () =>
      node.name === 'c'
        ? { result: `0x${'ab'.repeat(32)}` }
        : { error: { code: -32000, message: 'txpool is full' } },
    )
    for (const method of ['eth_getBalance', 'eth_call']) {
      node.on(method, () => ({ result: { node: node.name } }))
    }
  }
  await proxy.call('eth_sendRawTransaction', raw)
  const calls = [
    ['eth_getBalance', pending],
    ['eth_call', [{ from: wallet.address }, 'pending']],
  ] as const
  for (const [method, params] of calls) {
    const { result } = await proxy.call(method, ...params)
    t.assert.deepEqual(result, { node: 'c' }, method)
  }
  const batch = calls.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }))
  const answers = JSON.parse(await proxy.post(JSON.stringify(batch)))
  for (const { result } of answers) t.assert.deepEqual(result, { node: 'c' })
})
