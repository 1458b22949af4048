import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, runningProxy } from './running-proxy.ts'
import { type StubAnswer, stubNodes } from './stub-node.ts'

const raw = '0x02f8'

test('a write', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const proxy = await runningProxy(t, asFlags(nodes))

  await t.test(
    'reaches exactly one node, always the same, exactly once',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => proxy.call('eth_sendRawTransaction', `${raw}${i}`)),
      )
      const writers = new Set(answers.map(({ result }) => result?.node))
      t.assert.equal(writers.size, 1)
      const sent = nodes.flatMap(({ calls }) => calls.map(({ params }) => String(params)))
      t.assert.equal(sent.length, 30)
      t.assert.equal(new Set(sent).size, 30)
    },
  )

  await t.test(
    'whose node gave no answer is not sent again: the client learns that it may have acted',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const failures: readonly StubAnswer[] = [
        'drop',
        'cut',
        { whole: '<html>' },
        { whole: '', status: 502 },
      ]
      for (const [i, failure] of failures.entries()) {
        for (const node of nodes) node.on('eth_sendRawTransaction', () => failure)
        const { error } = await proxy.call('eth_sendRawTransaction', raw)
        t.assert.deepEqual(error, {
          code: -32603,
          message: 'no answer: the call may or may not have taken effect',
        })
        t.assert.equal(nodes.flatMap(({ calls }) => calls).length, i + 1)
      }
    },
  )

  await t.test(
    'a method of which nothing is known is sent once as well, and told the same',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      for (const node of nodes) node.on('eth_launchRocket', () => 'drop')
      const { error } = await proxy.call('eth_launchRocket')
      t.assert.match(error?.message ?? '', /may or may not have taken effect/)
      t.assert.equal(nodes.flatMap(({ calls }) => calls).length, 1)
    },
  )

  await t.test('what is of one node is asked of the node that writes', async (t: TestContext) => {
    for (const node of nodes) node.reset()
    const writer = (await proxy.call('eth_sendRawTransaction', raw)).result?.node
    for (const method of ['eth_accounts', 'eth_syncing']) {
      for (let i = 0; i < 4; i += 1) {
        t.assert.equal((await proxy.call(method)).result?.node, writer, method)
      }
    }
  })
})

test('a write goes elsewhere when its node refused the connection, for then it saw nothing', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  // Checked so rarely that nobody has found out when the write comes.
  const rarely = await fileWith(t, 'health: { interval: 10m }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', rarely])
  const writer = (await proxy.call('eth_sendRawTransaction', raw)).result?.node
  const [gone, left] = writer === 'a' ? nodes : [nodes[1], nodes[0]]
  await gone.stop()
  t.assert.equal((await proxy.call('eth_sendRawTransaction', `${raw}01`)).result?.node, left.name)
  t.assert.deepEqual(
    left.calls.map(({ params }) => params),
    [[`${raw}01`]],
  )
})

test('who wrote goes on writing when another node comes back', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const proxy = await runningProxy(t, asFlags(nodes))
  const first = (await proxy.call('eth_sendRawTransaction', raw)).result?.node
  const [gone, left] = first === 'a' ? nodes : [nodes[1], nodes[0]]
  await gone.stop()
  await proxy.untilNode(gone.name, ({ health }) => health === 'down')
  t.assert.equal((await proxy.call('eth_sendRawTransaction', raw)).result?.node, left.name)
  await gone.start()
  await proxy.untilNode(gone.name, ({ health }) => health === 'up')
  t.assert.equal((await proxy.call('eth_sendRawTransaction', raw)).result?.node, left.name)
})
