import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { stubAgent } from '../upstream/test/stub-agent.ts'
import { asFlags, fileWith, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('what an agent reports is shown, explained, and decides', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const agent = await stubAgent(t)
  const token = await fileWith(t, 'secret\n')
  const dialled = agent.dialled()
  const proxy = await runningProxy(t, [
    ...asFlags(nodes),
    ...nodes.flatMap(({ name }) => ['--agent', `${name}=${agent.url.href}`]),
    '--agent-token-file',
    token,
  ])
  t.assert.equal((await dialled).headers.authorization, 'Bearer secret')
  let seq = 0
  const report = (): void => {
    seq += 1
    agent.report(seq, [
      reportOf('a', { x: { cpu: 1, cpu_pressure: 1 }, cap: { cpus: 2 } }),
      reportOf('b', { x: { cpu: 0.5, cpu_pressure: 0 }, cap: { cpus: 1 } }),
    ])
  }
  report()
  const fleet = await proxy.until(({ nodes }) => nodes.every(({ reported }) => reported !== null))
  const { reported, capacity, source } = nodeOf(fleet, 'a')
  t.assert.deepEqual(reported, { cpu: 1, cpu_pressure: 1 })
  t.assert.deepEqual([capacity, source], [{ cpus: 2 }, 'proc'])
  // Two cores that others use up are less than half of one.
  for (let i = 0; i < 3; i += 1) {
    report()
    await proxy.until(({ nodes }) => nodes.every(({ reportAgeMs }) => (reportAgeMs ?? 1e9) < 400))
    const response = await proxy.fetch('{"jsonrpc":"2.0","id":1,"method":"eth_getBalance"}', {
      'x-equipoise-explain': '1',
    })
    await response.body?.cancel()
    t.assert.equal(response.headers.get('x-equipoise-node'), 'b')
    t.assert.match(
      response.headers.get('x-equipoise-why') ?? '',
      /^strategy=state-space; distance=\d\.\d{3}; runner-up=a:\d\.\d{3}; state=cpu_pressure:0\.000,cpu:0\.\d{3}; age=\d+ms; .*tries=1$/,
    )
  }
  agent.report(100, [reportOf('b', { gone: true })])
  const gone = await proxy.untilNode('b', (node) => node.reported === null)
  t.assert.equal(gone.health, 'up')
})

function reportOf(id: string, but: Partial<NodeReport>): NodeReport {
  return { id, name: id, x: {}, cap: {}, raw: {}, src: 'proc', age: 0, ...but }
}
