import { type TestContext, test } from 'node:test'
import { Wallet } from 'ethers'
import { systemClock } from '../clock.ts'
import { ProxyError } from '../errors.ts'
import type { Reply } from '../rpc/reply.ts'
import type { StubAnswer } from '../test/stub-node.ts'
import { RawSends } from './raw-sends.ts'
import { accepted, bytesOf, sendMethod, signed, stubFleet, wallet } from './test/stub-fleet.ts'

const other = new Wallet(`0x${'22'.repeat(32)}`)
const method = sendMethod
const alreadyKnown: StubAnswer = { error: { code: -32000, message: 'already known' } }
const tooLow: StubAnswer = {
  error: { code: -32000, message: 'nonce too low: next nonce 5, tx nonce 3' },
}

test('every node gets the transaction, the first success answers, and it is in the journal by then', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 3)
  const { transaction, raw } = await signed(wallet, 0)
  const slow = Promise.withResolvers<StubAnswer>()
  nodes[0]?.on(method, () => slow.promise)
  const arrivals = nodes.map((node) => node.arrival(method))
  t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
  for (const { params } of await Promise.all(arrivals)) {
    t.assert.deepEqual(params, [`0x${raw.toString('hex')}`])
  }
  t.assert.equal(journal.find(transaction.hash)?.state, 'pending')
  t.assert.notEqual(journal.find(transaction.hash)?.node, 'node-0')
  slow.resolve({ result: transaction.hash })
})

test('nodes that are dead, silent or broken do not keep one good node from answering', async (t: TestContext) => {
  const { sends, nodes } = await sending(t, 4)
  const { transaction, raw } = await signed(wallet, 0)
  await nodes[0]?.stop()
  nodes[1]?.on(method, () => 'hold')
  nodes[2]?.on(method, () => 'cut')
  t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
})

test('what all refuse is refused in the words of the first, and not kept', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  for (const [i, node] of nodes.entries()) {
    node.on(method, () => ({ error: { code: -32000, message: `insufficient funds ${i}` } }))
  }
  t.assert.match(textOf(await sends.send(transaction, raw)), /insufficient funds 0/)
  t.assert.equal(journal.size, 0)
})

test('a client’s own duplicate gets what one Geth says', async (t: TestContext) => {
  const { sends, nodes } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  const have = new Set<string>()
  for (const node of nodes) {
    node.on(method, ({ params }) => {
      const isNew = !have.has(node.name + JSON.stringify(params))
      have.add(node.name + JSON.stringify(params))
      return isNew ? { result: transaction.hash } : alreadyKnown
    })
  }
  const both = await Promise.all([sends.send(transaction, raw), sends.send(transaction, raw)])
  t.assert.deepEqual(
    both.map(({ kind }) => kind),
    ['result', 'error'],
  )
  t.assert.match(textOf(await sends.send(transaction, raw)), /already known/)
})

for (const fault of ['cut', 'drop'] as const) {
  test(`taken by a node that died (${fault}), known to the others: one effect, one hash`, async (t: TestContext) => {
    const { sends, nodes, journal } = await sending(t, 2)
    const { transaction, raw } = await signed(wallet, 3)
    nodes[0]?.on(method, () => fault)
    nodes[1]?.on(method, () => alreadyKnown)
    t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
    t.assert.equal(journal.find(transaction.hash)?.node, 'node-1')
  })

  test(`taken by a node that died (${fault}) and mined since: the hash; not found: the refusal`, async (t: TestContext) => {
    const { sends, nodes, journal } = await sending(t, 2)
    const { transaction, raw } = await signed(wallet, 3)
    nodes[0]?.on(method, () => fault)
    nodes[1]?.on(method, () => tooLow)
    nodes[1]?.on('eth_getTransactionByHash', () => ({ result: null }))
    t.assert.match(textOf(await sends.send(transaction, raw)), /nonce too low/)
    t.assert.equal(journal.size, 0)
    nodes[1]?.on('eth_getTransactionByHash', () => ({ result: { hash: transaction.hash } }))
    t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
  })
}

test('taken by a node that falls silent and known to the others through it: one effect, one hash', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 3)
  const { transaction, raw } = await signed(wallet, 0)
  nodes[0]?.on(method, () => 'hold')
  for (const node of nodes.slice(1)) node.on(method, () => alreadyKnown)
  t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
  t.assert.equal(journal.find(transaction.hash)?.state, 'pending')
})

test('where nobody answered, the client is told that it may have taken effect', async (t: TestContext) => {
  const { sends, nodes } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  for (const node of nodes) node.on(method, () => 'drop')
  await t.assert.rejects(sends.send(transaction, raw), isFailure('WRITE_UNCERTAIN'))
})

test('a connection that broke under the send is tried anew: its hash proves it the same', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  for (const node of nodes) {
    let times = 0
    node.on(method, () => {
      times += 1
      return times === 1 ? 'drop' : alreadyKnown
    })
  }
  t.assert.equal(textOf(await sends.send(transaction, raw)), `"${transaction.hash}"`)
  t.assert.equal(journal.size, 1)
})

test('a duplicate that a node had lost is a duplicate all the same', async (t: TestContext) => {
  const { sends } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  await sends.send(transaction, raw)
  t.assert.match(textOf(await sends.send(transaction, raw)), /already known/)
})

test('other clients’ words for a duplicate are Geth’s', async (t: TestContext) => {
  const { sends, nodes, upstreams } = await sending(t, 1)
  const { transaction, raw } = await signed(wallet, 0)
  const [upstream] = upstreams
  if (upstream !== undefined) upstream.family = 'anvil'
  nodes[0]?.on(method, () => ({
    error: { code: -32003, message: 'transaction already imported' },
  }))
  const said = textOf(await sends.send(transaction, raw))
  t.assert.deepEqual(JSON.parse(said), { code: -32000, message: 'already known' })
})

test('one that is in a block already is refused, and kept as mined', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 1)
  const { transaction, raw } = await signed(wallet, 0)
  nodes[0]?.on(method, () => tooLow)
  const at = { hash: transaction.hash, blockNumber: '0x11', blockHash: `0x${'b'.repeat(64)}` }
  nodes[0]?.on('eth_getTransactionByHash', () => ({ result: at }))
  t.assert.match(textOf(await sends.send(transaction, raw)), /nonce too low/)
  t.assert.equal(journal.find(transaction.hash)?.state, 'mined')
})

test('of a duplicate that is in a block, the node that has the block tells, not a pool that lacks it', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 3)
  await sends.send(transaction, raw)
  nodes[0]?.on(method, () => alreadyKnown)
  nodes[1]?.on(method, () => tooLow)
  t.assert.match(textOf(await sends.send(transaction, raw)), /nonce too low/)
  const entry = journal.find(transaction.hash)
  if (entry !== null) journal.mined({ number: 17, hash: '0xb' }, [entry])
  for (const node of nodes) node.on(method, () => ({ result: transaction.hash }))
  t.assert.match(textOf(await sends.send(transaction, raw)), /nonce too low/)
})

test('where nobody could be reached, it has taken none', async (t: TestContext) => {
  const { sends, nodes } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 0)
  for (const node of nodes) await node.stop()
  await t.assert.rejects(sends.send(transaction, raw), isFailure('UPSTREAM_UNREACHABLE'))
})

test('one sender’s transactions go one after another, another’s do not wait', async (t: TestContext) => {
  const { sends, nodes } = await sending(t, 1)
  const [node] = nodes
  const first = await signed(wallet, 0)
  const second = await signed(wallet, 1)
  const foreign = await signed(other, 0)
  const gate = Promise.withResolvers<StubAnswer>()
  node?.on(method, ({ params }) => {
    return bytesOf(params).equals(first.raw) ? gate.promise : { result: '0x' }
  })
  const arrived = node?.arrival(method)
  const one = sends.send(first.transaction, first.raw)
  await arrived
  const two = sends.send(second.transaction, second.raw)
  await sends.send(foreign.transaction, foreign.raw)
  t.assert.equal(node?.calls.length, 2)
  gate.resolve({ result: first.transaction.hash })
  await Promise.all([one, two])
  t.assert.deepEqual(bytesOf(node?.calls.at(-1)?.params), second.raw)
  t.assert.equal(sends.sending, 0)
})

test('the node that took a sender’s last transaction is asked first', async (t: TestContext) => {
  const { sends, nodes, journal } = await sending(t, 2)
  const { transaction, raw } = await signed(wallet, 1)
  await journal.accept({ ...(await accepted(0)), node: 'node-1' })
  for (const [i, node] of nodes.entries()) {
    node.on(method, () => ({ error: { code: -32000, message: `no ${i}` } }))
  }
  t.assert.match(textOf(await sends.send(transaction, raw)), /no 1/)
})

async function sending(t: TestContext, count: number) {
  const { nodes, fleet, journal, upstreams } = await stubFleet(t, count)
  const sends = new RawSends(fleet, journal, {
    timeoutMs: 20_000,
    nowMs: () => systemClock.nowMs(),
    wallMs: () => 1_000,
  })
  return { sends, nodes, journal, upstreams }
}

function textOf({ body, start, end }: Reply): string {
  return body.toString('utf8', start, end)
}

function isFailure(code: string) {
  return (error: unknown) => error instanceof ProxyError && error.code === code
}
