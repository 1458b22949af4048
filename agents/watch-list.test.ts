import { type TestContext, test } from 'node:test'
import type { Container, ContainerTable } from './containers/container.ts'
import { openMachine } from './sources/machine.ts'
import { containerId, RecordedMachine } from './test/recorded-machine.ts'
import { type ContainerOptions, WatchList } from './watch-list.ts'

const other = containerId.replaceAll('a', 'b')
const labelled: ContainerOptions = { kind: 'label', key: 'pool' }

/** A table that a test fills. */
class HeldTable implements ContainerTable {
  version = 0
  isComplete = true
  readonly containers = new Map<string, Container>()
  readonly doubted: string[] = []

  put(id: string, name: string, pid: number | undefined, labels = { pool: 'main' }): void {
    this.containers.set(id, { id, name, labels, pid, limits: {} })
    this.version += 1
  }

  remove(id: string): void {
    this.containers.delete(id)
    this.version += 1
  }

  start(): void {}
  doubt(id: string): void {
    this.doubted.push(id)
  }
  async close(): Promise<void> {}
}

/** A list over the recorded v2 machine, whose pids 4242 and 4243 are in two containers. */
function listOf(t: TestContext, containers: readonly ContainerOptions[], maxNodes = 100) {
  const recorded = new RecordedMachine('v2')
  const place = (id: string, pid: number) => {
    recorded.write(`proc/${pid}/cgroup`, `0::/docker/${id}\n`)
    recorded.write(`cgroup/docker/${id}/cpu.stat`, `usage_usec ${pid}000000\n`)
    recorded.write(`cgroup/docker/${id}/cgroup.procs`, `${pid}\n`)
  }
  place(containerId, 4242)
  place(other, 4243)
  const { procRoot, cgroupRoot, clock } = recorded
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const machine = openMachine({ mode: 'auto', procRoot, cgroupRoot, clock, log })
  const table = new HeldTable()
  const reach = { table, machine, engine: undefined, asksEngine: false, clock }
  const list = new WatchList({ nodes: [], containers, machine, reach, clock, maxNodes, log })
  t.after(async () => {
    list.close()
    await machine.close()
    recorded[Symbol.dispose]()
  })
  /** The next reports, 250 ms later: of each node its name, whether it is gone, and its CPU time. */
  const next = (laterMs = 250) => {
    clock.now += laterMs
    list.follow()
    for (const node of list.nodes) node.observe()
    return list.nodes.map((node) => {
      const { name, gone = false, raw } = node.report(clock.now)
      return [name, gone, raw.cpu_usage_s]
    })
  }
  return { recorded, table, list, next, lines }
}

test('each container with the label is a node, under its id and its name', (t: TestContext) => {
  const { table, list, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  table.put(other, 'geth-2', 4243)
  t.assert.deepEqual(next(), [
    ['geth-1', false, 4242],
    ['geth-2', false, 4243],
  ])
  t.assert.deepEqual(
    list.nodes.map(({ subject }) => subject.id),
    [containerId, other],
  )
})

test('a container that stops is gone, and back when it starts', (t: TestContext) => {
  const { table, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  next()
  table.put(containerId, 'geth-1', undefined)
  t.assert.deepEqual(next(), [['geth-1', true, undefined]])
  t.assert.deepEqual(next(60_000), [['geth-1', true, undefined]])
  table.put(containerId, 'geth-1', 4242)
  t.assert.deepEqual(next(), [['geth-1', false, 4242]])
})

test('a container that is removed is told of as gone for a while, and then no more', (t: TestContext) => {
  const { table, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  next()
  table.remove(containerId)
  t.assert.deepEqual(next(), [[containerId, true, undefined]])
  t.assert.deepEqual(next(9_000), [[containerId, true, undefined]])
  t.assert.deepEqual(next(1_000), [])
})

test('a container made anew under a name replaces the one that bore it', (t: TestContext) => {
  const { table, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  next()
  table.remove(containerId)
  table.put(other, 'geth-1', 4243)
  t.assert.deepEqual(next(), [['geth-1', false, 4243]])
})

test('a renamed container keeps its figures under the new name', (t: TestContext) => {
  const { table, list, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  next()
  const [node] = list.nodes
  table.put(containerId, 'geth-9', 4242)
  t.assert.deepEqual(next(), [['geth-9', false, 4242]])
  t.assert.equal(list.nodes[0], node)
})

test('a name is followed to whoever bears it', (t: TestContext) => {
  const { table, next } = listOf(t, [{ kind: 'container', name: 'geth-1' }])
  t.assert.deepEqual(next(), [['geth-1', true, undefined]])
  table.put(containerId, 'geth-1', 4242)
  t.assert.deepEqual(next(), [['geth-1', false, 4242]])
  table.put(containerId, 'old', 4242)
  table.put(other, 'geth-1', 4243)
  t.assert.deepEqual(next(), [['geth-1', false, 4243]])
})

test('a container that is named and bears the label is one node', (t: TestContext) => {
  const { table, next } = listOf(t, [{ kind: 'container', name: 'geth-1' }, labelled])
  table.put(containerId, 'geth-1', 4242)
  t.assert.deepEqual(next(), [['geth-1', false, 4242]])
})

test('before the containers are known none is gone', (t: TestContext) => {
  const { table, next } = listOf(t, [{ kind: 'container', name: 'geth-1' }])
  table.isComplete = false
  t.assert.deepEqual(next(), [['geth-1', false, undefined]])
})

test('a container whose process ended is looked at again', (t: TestContext) => {
  const { recorded, table, next } = listOf(t, [labelled])
  table.put(containerId, 'geth-1', 4242)
  next()
  recorded.write('proc/4242/stat', '4242 (geth) Z 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20\n')
  t.assert.deepEqual(next(), [['geth-1', true, undefined]])
  next()
  t.assert.deepEqual(table.doubted, [containerId])
})

test('the engine’s pid is not believed where it is another container’s', (t: TestContext) => {
  const { table, next } = listOf(t, [labelled])
  // An engine in a pid namespace of its own numbers processes in its own way.
  table.put(containerId, 'geth-1', 4243)
  t.assert.deepEqual(next(), [['geth-1', false, 4242]])
})

test('labels declare what network and disk carry', (t: TestContext) => {
  const { table, list, next } = listOf(t, [labelled])
  const labels = {
    pool: 'main',
    'equipoise.capacity.network-mbps': '8',
    'equipoise.capacity.disk-mbps': 'much',
  }
  table.put(containerId, 'geth-1', 4242, labels)
  next()
  t.assert.deepEqual(list.nodes[0]?.report(0).cap, {
    cpus: 2,
    mem: 24_684_084 * 1024,
    network: 1_000_000,
  })
})

test('more containers than an agent watches are left out, and people hear of it once', (t: TestContext) => {
  const { table, next, lines } = listOf(t, [labelled], 1)
  table.put(containerId, 'geth-1', 4242)
  table.put(other, 'geth-2', 4243)
  t.assert.equal(next().length, 1)
  table.put(other, 'geth-3', 4243)
  t.assert.equal(next().length, 1)
  t.assert.equal(lines.filter((line) => /the rest is left out/.test(line)).length, 1)
})
