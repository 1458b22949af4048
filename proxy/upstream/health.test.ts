import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../clock.ts'
import { type StubAnswer, type StubNode, stubNodes } from '../test/stub-node.ts'
import { Fleet } from './fleet.ts'
import { HealthChecks } from './health.ts'
import { LostTime } from './lost-time.ts'
import { testClock, testUpstream } from './test/test-upstream.ts'
import type { Upstream } from './upstream.ts'

test('the first check is over when it starts: chain, head and health are known', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  nodes[0].head = 255
  await nodes[1].stop()
  const { fleet, upstreams } = await checking(t, nodes)
  const [a, b] = upstreams
  t.assert.deepEqual([a?.health, a?.chainId, a?.head, a?.reason], ['up', '0x7a69', 255, null])
  t.assert.equal(b?.health, 'down')
  t.assert.match(b?.reason ?? '', /ECONNREFUSED/)
  t.assert.deepEqual(fleet.view.readers, [a])
})

test('what is no answer to a check is a finding, with its words', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const { upstreams, changed } = await checking(t, nodes)
  const [upstream] = upstreams
  const answers: readonly (readonly [StubAnswer, RegExp])[] = [
    [{ whole: '<html>busy</html>' }, /eth_blockNumber answered "<html>busy/],
    [{ whole: 'x', status: 503 }, /HTTP 503/],
    [{ error: { code: -32000, message: 'not ready' } }, /not ready/],
    [{ result: 16 }, /eth_blockNumber answered/],
    [{ result: '0x' }, /eth_blockNumber answered/],
    [{ result: null }, /eth_blockNumber answered/],
    ['drop', /other side closed|socket/],
  ]
  for (const [answer, words] of answers) {
    node.on('eth_blockNumber', () => answer)
    await changed('down')
    t.assert.match(upstream?.reason ?? '', words)
    node.scripts.clear()
    await changed('up')
    t.assert.equal(upstream?.reason, null)
  }
})

test('a node that was down is told to be cold when it is up again, and only then', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const { upstreams, changed, refreshed } = await checking(t, nodes)
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('no node')
  let joined = 0
  upstream.meter.joined = () => {
    joined += 1
  }
  await refreshed()
  nodes[0].on('eth_blockNumber', () => 'drop')
  await changed('down')
  await refreshed()
  t.assert.equal(joined, 0)
  nodes[0].scripts.clear()
  await changed('up')
  nodes[0].head += 1
  await refreshed()
  t.assert.equal(joined, 1)
})

test('... but not one that was silent for a moment: it is as warm as it was', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const clock = testClock()
  const { upstreams, changed } = await checking(t, nodes, { timeoutMs: 200, clock })
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('no node')
  let joined = 0
  upstream.meter.joined = () => {
    joined += 1
  }
  for (const [silentMs, times] of [
    [10_000, 0],
    [10_001, 1],
  ] as const) {
    nodes[0].on('eth_blockNumber', () => 'hold')
    await changed('down')
    clock.ms += silentMs
    nodes[0].scripts.clear()
    await changed('up')
    t.assert.equal(joined, times, `${silentMs} ms`)
  }
})

test('the head is followed, up and down', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const { fleet, refreshed } = await checking(t, nodes)
  for (const head of [17, 18, 12]) {
    nodes[0].head = head
    while (fleet.view.head !== head) await refreshed()
  }
  t.assert.equal(fleet.view.head, 12)
})

test('a node that is silent is down when its time is over, and reads that wait on it end', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const { upstreams, changed } = await checking(t, nodes, { timeoutMs: 200 })
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('no node')
  let abandoned = 0
  upstream.abandonReads = () => {
    abandoned += 1
  }
  node.on('eth_blockNumber', () => 'hold')
  await changed('down')
  t.assert.match(upstream.reason ?? '', /no answer in time/)
  t.assert.equal(abandoned, 1)
})

test('a node that answers clients is up, though it answers no check', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const clock = testClock()
  const { upstreams } = await checking(t, nodes, { clock, timeoutMs: 200 })
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('no node')
  node.on('eth_blockNumber', () => {
    // While the check waits, time goes by and a client is answered.
    clock.ms += 1_000
    upstream.answeredAtMs = clock.ms - 10
    return 'hold'
  })
  for (let checks = 0; checks < 3; checks += 1) await node.arrival('eth_blockNumber')
  t.assert.equal(upstream.health, 'up')
})

test('a client’s answer from the beginning of a check does not keep a node up that died since', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const clock = testClock()
  const { upstreams, changed } = await checking(t, nodes, { clock, timeoutMs: 200 })
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('no node')
  node.on('eth_blockNumber', () => {
    upstream.answeredAtMs = clock.ms + 1
    clock.ms += 1_000
    return 'hold'
  })
  await changed('down')
  t.assert.match(upstream.reason ?? '', /no answer in time/)
})

test('silence that this process was deaf to says nothing of a node', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const time = testClock()
  const { upstreams, changed } = await checking(t, nodes, { timeoutMs: 200, lossOn: time })
  node.on('eth_blockNumber', () => {
    time.ms += 1_000
    return 'hold'
  })
  for (let checks = 0; checks < 3; checks += 1) await node.arrival('eth_blockNumber')
  t.assert.equal(upstreams[0]?.health, 'up')
  // It hears again, and there is nothing to hear.
  node.on('eth_blockNumber', () => 'hold')
  await changed('down')
  t.assert.match(upstreams[0]?.reason ?? '', /no answer in time/)
})

test('a node that refuses is down, however deaf this process is', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const time = testClock()
  const { upstreams, changed } = await checking(t, nodes, { timeoutMs: 200, lossOn: time })
  node.on('eth_blockNumber', () => {
    time.ms += 1_000
    return 'drop'
  })
  await changed('down')
  t.assert.match(upstreams[0]?.reason ?? '', /other side closed|socket/)
})

test('a node that changes its chain is found out', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const [a] = nodes
  const { fleet, changed } = await checking(t, nodes)
  a.chainId = '0x1'
  await changed('wrong-chain')
  t.assert.equal(fleet.view.readers.length, 2)
  a.chainId = '0x7a69'
  await changed('up')
  t.assert.equal(fleet.view.readers.length, 3)
})

test('checks go to the path and query of the node’s address', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const { upstreams } = await checking(t, nodes, { path: '/v3/key?x=1' })
  t.assert.equal(upstreams[0]?.health, 'up')
  t.assert.ok(node.paths.has('/v3/key?x=1'))
})

test('when it is closed nothing more is asked', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const { health, upstreams } = await checking(t, nodes)
  await health.close()
  await health.close()
  t.assert.equal(upstreams[0]?.health, 'up')
})

/** What a check is like; by default one that never runs out of time on a busy machine. */
type How = {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly path: string
  /** Tells how long this process stood still; without it, it never does. */
  readonly lossOn: Clock
}

async function checking(t: TestContext, nodes: readonly StubNode[], how: Partial<How> = {}) {
  const { clock = systemClock, timeoutMs = 10_000, path = '/', lossOn = testClock() } = how
  const events = new EventEmitter()
  const upstreams: Upstream[] = nodes.map(({ name, url }) =>
    testUpstream(name, clock, { url: url + path }),
  )
  const fleet = new Fleet(upstreams, { maxLagBlocks: 2, chainId: null }, ({ health }) => {
    events.emit(health)
  })
  const refresh = fleet.refresh.bind(fleet)
  fleet.refresh = () => {
    refresh()
    events.emit('refresh')
  }
  const health = new HealthChecks(fleet, { intervalMs: 5, timeoutMs }, clock, new LostTime(lossOn))
  t.after(async () => {
    await health.close()
    await fleet.close()
  })
  await health.start()
  const changed = async (to: string): Promise<void> => {
    await once(events, to, { signal: AbortSignal.timeout(20_000) })
  }
  return { health, fleet, upstreams, changed, refreshed: () => changed('refresh') }
}
