import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { keccak256, Wallet } from 'ethers'
import { testAccounts } from '../fleets/accounts.ts'
import { text } from '../fleets/block.ts'
import { field, NodeRefusal, NodeRpc } from '../fleets/node-rpc.ts'
import { faults, type Gate, steps } from './sends/gate.ts'
import { SendsStack } from './sends/stack.ts'

const [account = { address: '', privateKey: '' }] = testAccounts
const wallet = new Wallet(account.privateKey)
const payee = `0x${'be'.repeat(20)}`

let stack: SendsStack
let rpc: NodeRpc
before(async () => {
  const config = 'limits: { timeout: 2s }'
  stack = await SendsStack.start({
    client: 'anvil',
    nodes: 2,
    blockTimeMs: 250,
    gates: true,
    config,
  })
  rpc = new NodeRpc(stack.endpoint, 20_000)
})
after(async () => {
  await rpc.close()
  await stack.close()
})

for (const fault of faults) {
  for (const step of steps) {
    test(`a node that is ${fault} ${step} changes nothing: one hash, one effect`, async (t: TestContext) => {
      const [raw, hash] = await next()
      const [gate] = stack.gates
      gate?.arm(step, fault)
      t.assert.equal(await rpc.call('eth_sendRawTransaction', raw), hash)
      await happened(t, gate === undefined ? [] : [gate])
      await mendAndCheck(t, raw, hash)
    })

    test(`all nodes ${fault} ${step}: one effect, and the hash or that no answer came`, async (t: TestContext) => {
      const [raw, hash] = await next()
      for (const gate of stack.gates) gate.arm(step, fault)
      const said = await answer(raw)
      await happened(t, stack.gates)
      // A connection that broke is tried anew; where nobody is left, only silence can be told.
      if (fault === 'cut') t.assert.equal(said, hash)
      else
        t.assert.match(
          said,
          new RegExp(`^${hash}$|request timed out|no answer: the call may|service unavailable`),
        )
      await mendAndCheck(t, raw, hash)
    })
  }
}

/** All nodes are well again; whoever then sends the same is told what a Geth would tell. */
async function mendAndCheck(t: TestContext, raw: string, hash: string): Promise<void> {
  for (const gate of stack.gates) await gate.heal()
  await untilUp()
  t.assert.match(await answer(raw), new RegExp(`^${hash}$|already known|nonce too low`))
  const before = BigInt(await sum())
  const receipt = await mined(hash)
  t.assert.equal(field(receipt, 'status'), '0x1')
  t.assert.match(await answer(raw), /nonce too low/)
  t.assert.ok(BigInt(await sum()) - before <= 1n)
  t.assert.equal(Number(await sum()), nonce)
  t.assert.equal(Number(await rpc.call('eth_getTransactionCount', wallet.address, 'latest')), nonce)
}

/** What was to happen has: the answer of another node may have come before it. */
async function happened(t: TestContext, gates: readonly Gate[]): Promise<void> {
  for (let ms = 0; ms < 10_000 && gates.some((gate) => gate.isArmed); ms += 10) await pause(10)
  t.assert.ok(gates.every((gate) => !gate.isArmed))
}

let nonce = 0

async function next(): Promise<[raw: string, hash: string]> {
  await untilUp()
  const { chainId } = stack.fleet
  const gas = { gasLimit: 21_000, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1n }
  const form = { type: 2, chainId, nonce, to: payee, value: 1n, ...gas }
  const raw = await wallet.signTransaction(form)
  nonce += 1
  return [raw, keccak256(raw)]
}

/** The hash, or the words of the error. */
async function answer(raw: string): Promise<string> {
  try {
    return text(await rpc.call('eth_sendRawTransaction', raw))
  } catch (error) {
    if (error instanceof NodeRefusal) return error.message
    throw error
  }
}

function sum(): Promise<string> {
  return rpc.call('eth_getBalance', payee, 'latest').then(text)
}

async function mined(hash: string): Promise<unknown> {
  for (;;) {
    const receipt = await rpc.call('eth_getTransactionReceipt', hash)
    if (receipt !== null) return receipt
    await pause(20)
  }
}

/** The proxy sends to all nodes. */
async function untilUp(): Promise<void> {
  for (;;) {
    const response = await fetch(`${stack.adminUrl}/api/fleet`)
    const nodes = field(await response.json(), 'nodes') as { health: string; breaker: string }[]
    if (nodes.every(({ health, breaker }) => health === 'up' && breaker === 'closed')) return
    await pause(20)
  }
}
