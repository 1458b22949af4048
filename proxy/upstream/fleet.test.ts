import { type TestContext, test } from 'node:test'
import { breakerDefaults } from './breaker.ts'
import { Fleet } from './fleet.ts'
import { type TestClock, testClock, testUpstream } from './test/test-upstream.ts'
import type { Upstream } from './upstream.ts'

const chain = '0x1'

test('before anything is known nobody is asked', (t: TestContext) => {
  const { fleet } = fleetOf('a', 'b')
  fleet.refresh()
  t.assert.deepEqual(fleet.view, { readers: [], writer: null, head: null, chainId: null })
})

test('nodes that are up take reads, the first of them writes', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  b.health = 'down'
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, c])
  t.assert.equal(fleet.view.writer, a)
  t.assert.equal(fleet.view.head, 100)
})

test('a node takes reads while it lags by so many blocks, and not one more', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.head = 102
  b.head = 100
  c.head = 99
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b])
  t.assert.equal(fleet.view.head, 102)
})

test('nodes that lag are better than none', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.head = 500
  a.draining = true
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [b, c])
})

test('who is draining takes nothing, unless all are', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.draining = true
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [b, c])
  b.draining = true
  c.draining = true
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
})

test('who fails its calls takes none until its time is over, unless all do', (t: TestContext) => {
  const { fleet, clock, a, b, c } = upFleet()
  open(a)
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [b, c])
  open(b)
  open(c)
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
  clock.ms += breakerDefaults.openMs
  b.breaker.start()
  b.breaker.succeed()
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
})

test('a node short of memory takes no reads while others can, and goes on writing', (t: TestContext) => {
  const { fleet, clock, a, b, c } = upFleet()
  const reported = (upstream: Upstream, memory: number): void => {
    const { id } = upstream
    upstream.lastReport = { id, name: id, x: { memory }, cap: {}, raw: {}, src: 'x', age: 0 }
    upstream.reportedAtMs = clock.ms
  }
  reported(a, 0.98)
  reported(b, 0.96)
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [b, c])
  t.assert.equal(fleet.view.writer, a)
  for (const upstream of [b, c]) reported(upstream, 0.98)
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
  reported(b, 0.5)
  clock.ms += 5_001
  fleet.refresh()
  // What was said so long ago is no news.
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
})

test('who wrote goes on writing while it can, and whoever took over after it', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.health = 'down'
  fleet.refresh()
  t.assert.equal(fleet.view.writer, b)
  a.health = 'up'
  fleet.refresh()
  t.assert.equal(fleet.view.writer, b)
  b.draining = true
  fleet.refresh()
  t.assert.equal(fleet.view.writer, a)
  for (const each of [a, b, c]) each.health = 'down'
  fleet.refresh()
  t.assert.equal(fleet.view.writer, null)
})

test('a node of another chain than most is shut out, and let in when it changes', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.chainId = '0x2'
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [b, c])
  t.assert.equal(a.health, 'wrong-chain')
  t.assert.equal(a.reason, "chain 0x2, the fleet's is 0x1")
  t.assert.equal(fleet.view.chainId, chain)
  a.chainId = chain
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [a, b, c])
  t.assert.deepEqual([a.health, a.reason], ['up', null])
})

test('a node of another chain does not count for the head', (t: TestContext) => {
  const { fleet, a, b, c } = upFleet()
  a.chainId = '0x2'
  a.head = 1e6
  fleet.refresh()
  t.assert.equal(fleet.view.head, 100)
  t.assert.deepEqual(fleet.view.readers, [b, c])
})

test('the chain that is named counts, whatever most say', (t: TestContext) => {
  const { fleet, upstreams } = fleetWith({ chainId: '0x2' }, 'a', 'b', 'c')
  upstreams.forEach(up)
  const [, , c] = upstreams
  if (c === undefined) throw new Error('no third node')
  c.chainId = '0x2'
  fleet.refresh()
  t.assert.deepEqual(fleet.view.readers, [c])
})

test('a view is replaced whole: who holds one sees no change in it', (t: TestContext) => {
  const { fleet, a } = upFleet()
  const { view } = fleet
  const { readers } = view
  a.health = 'down'
  fleet.refresh()
  t.assert.notEqual(fleet.view, view)
  t.assert.equal(view.readers, readers)
  t.assert.equal(readers.includes(a), true)
})

test('each change of a node is told once, and nothing else is', (t: TestContext) => {
  const told: string[] = []
  const { fleet, upstreams } = fleetWith({ told }, 'a', 'b')
  fleet.refresh()
  t.assert.deepEqual(told, [])
  upstreams.forEach(up)
  fleet.refresh()
  fleet.refresh()
  t.assert.deepEqual(told, ['a up', 'b up'])
  const [a] = upstreams
  if (a === undefined) throw new Error('no first node')
  a.head = 101
  fleet.refresh()
  a.draining = true
  fleet.refresh()
  t.assert.deepEqual(told, ['a up', 'b up', 'a up draining'])
})

test('a node is found by its id', (t: TestContext) => {
  const { fleet, b } = upFleet()
  t.assert.equal(fleet.byId('b'), b)
  t.assert.equal(fleet.byId('z'), undefined)
})

function upFleet() {
  const { fleet, clock, upstreams } = fleetOf('a', 'b', 'c')
  upstreams.forEach(up)
  fleet.refresh()
  const [a, b, c] = upstreams
  if (a === undefined || b === undefined || c === undefined) throw new Error('want three nodes')
  return { fleet, clock, a, b, c }
}

function fleetOf(...ids: readonly string[]) {
  return fleetWith({}, ...ids)
}

function fleetWith(
  { chainId = null, told = [] }: { chainId?: string | null; told?: string[] },
  ...ids: readonly string[]
) {
  const clock: TestClock = testClock()
  const upstreams = ids.map((id) => testUpstream(id, clock))
  const fleet = new Fleet(upstreams, { maxLagBlocks: 2, chainId }, (upstream) => {
    told.push(`${upstream.id} ${upstream.health}${upstream.draining ? ' draining' : ''}`)
  })
  return { fleet, clock, upstreams }
}

function up(upstream: Upstream): void {
  upstream.health = 'up'
  upstream.reason = null
  upstream.chainId = chain
  upstream.head = 100
}

function open(upstream: Upstream): void {
  for (let i = 0; i < breakerDefaults.failures; i += 1) upstream.breaker.fail()
}
