import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { asFlags, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('a node that is stopped costs no read, leaves the view, and returns when it goes on', async (t: TestContext) => {
  const [well] = await stubNodes(t, 'well')
  const frozen = await childNode(t, 'frozen')
  const nodes = [well, { name: 'frozen', url: frozen.url }]
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  t.assert.equal(nodeOf(await proxy.fleet(), 'frozen').health, 'up')
  // Connections that stand, so that a stopped node takes the call and is silent.
  for (let i = 0; i < 4; i += 1) await proxy.call('eth_getBalance', i)
  frozen.child.kill('SIGSTOP')
  const reads = Array.from({ length: 20 }, (_, i) => proxy.call('eth_getBalance', i))
  const isDown = proxy.untilNode('frozen', ({ health }) => health === 'down')
  // Each of them is answered: those on the stopped node as soon as it is found to be.
  for (const { result } of await Promise.all(reads)) t.assert.equal(result?.node, 'well')
  t.assert.match((await isDown).reason ?? '', /no answer in time/)
  t.assert.equal((await proxy.call('eth_getBalance')).result?.node, 'well')
  frozen.child.kill('SIGCONT')
  // The reads it lost count against it, until it answers a call or a check.
  await proxy.untilNode('frozen', (node) => node.health === 'up' && node.breaker !== 'open')
  // It is in the view again with the health check after that, and round-robin comes to it.
  let takesCalls = false
  for (let calls = 0; calls < 500 && !takesCalls; calls += 1) {
    takesCalls = (await proxy.call('eth_getBalance')).result?.node === 'frozen'
    if (!takesCalls) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.assert.ok(takesCalls)
})

async function childNode(
  t: TestContext,
  name: string,
): Promise<{ child: ChildProcess; url: string }> {
  const file = new URL('stub-node-process.ts', import.meta.url)
  const child = fork(file, [name], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  t.after(async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended
  })
  if (child.stdout === null) throw new Error('no standard output')
  const [url]: Buffer[] = await once(child.stdout, 'data')
  return { child, url: String(url).trim() }
}
