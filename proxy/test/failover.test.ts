import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { type StubAnswer, stubNodes } from './stub-node.ts'

test('a read whose node fails it is answered by another node', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'bad', 'good')
  const [bad, good] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  const failures: readonly (readonly [string, StubAnswer])[] = [
    ['cuts its answer short', 'cut'],
    ['ends the connection', 'drop'],
    ['answers HTML', { whole: '<html><body>502 Bad Gateway</body></html>' }],
    ['answers another call', { whole: '{"jsonrpc":"2.0","id":999999999,"result":1}' }],
    ['answers HTTP 500', { whole: '{"jsonrpc":"2.0","id":1,"result":1}', status: 500 }],
    ['answers nothing', { whole: '' }],
  ]
  for (const [what, failure] of failures) {
    bad.on('eth_getBalance', () => failure)
    const before = { bad: bad.calls.length, good: good.calls.length }
    // Round-robin: of two calls in turn, one asks the bad node first.
    for (let i = 0; i < 2; i += 1) {
      const answer = await proxy.call('eth_getBalance', '0x1', 'latest')
      t.assert.equal(answer.result?.node, 'good', what)
    }
    t.assert.equal(bad.calls.length - before.bad, 1, what)
    t.assert.equal(good.calls.length - before.good, 2, what)
  }
})
