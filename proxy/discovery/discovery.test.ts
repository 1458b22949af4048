import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { testClock } from '../upstream/test/test-upstream.ts'
import { Discovery } from './discovery.ts'
import { type NodeSpec, parseNode } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'

test('what every provider said last is the fleet, and the first has the id', async (t: TestContext) => {
  const [file, docker] = [new Script('file'), new Script('docker')]
  const { discovery, told, logged } = discovering(t, [file, docker])
  const started = discovery.start(60_000)
  file.sink?.found([nodeOf('a', 1)])
  docker.sink?.found([nodeOf('a', 2), nodeOf('b', 3)], ['c: no address'])
  await started
  t.assert.deepEqual(portsOf(await told()), { a: '1', b: '3' })
  const [, second] = discovery.snapshot()
  t.assert.deepEqual(second?.leftOut, ['c: no address', 'a: the id is taken'])
  t.assert.deepEqual(logged('warn'), [
    { provider: 'docker', problem: 'c: no address' },
    { provider: 'docker', problem: 'a: the id is taken' },
  ])
  // It is free when the first lets go of it.
  file.sink?.found([])
  t.assert.deepEqual(portsOf(await told()), { a: '2', b: '3' })
  t.assert.deepEqual(discovery.snapshot()[1]?.leftOut, ['c: no address'])
})

test('a provider that fails keeps what it said, and says so once', async (t: TestContext) => {
  const docker = new Script('docker')
  const { discovery, told, logged, clock } = discovering(t, [docker])
  const started = discovery.start(60_000)
  docker.sink?.found([nodeOf('a', 1)])
  await started
  await told()
  clock.ms += 5_000
  for (let i = 0; i < 3; i += 1) docker.sink?.failed(new Error('connect ECONNREFUSED'))
  const [down] = discovery.snapshot()
  t.assert.deepEqual(down, {
    name: 'docker',
    up: false,
    nodes: 1,
    problem: 'connect ECONNREFUSED',
    leftOut: [],
    updates: 1,
    failures: 3,
    ageMs: 5_000,
  })
  t.assert.equal(logged('warn').length, 1)
  docker.sink?.found([nodeOf('b', 1)])
  t.assert.deepEqual(portsOf(await told()), { b: '1' })
  t.assert.equal(discovery.snapshot()[0]?.up, true)
  t.assert.deepEqual(logged('info'), [{ provider: 'docker' }])
})

test('a provider that is silent is not waited for, and is heard later', async (t: TestContext) => {
  const [silent, file] = [new Script('kubernetes'), new Script('file')]
  const { discovery, told } = discovering(t, [silent, file])
  const started = discovery.start(1)
  file.sink?.found([nodeOf('a', 1)])
  await started
  t.assert.deepEqual(portsOf(await told()), { a: '1' })
  t.assert.equal(discovery.snapshot()[0]?.up, null)
  silent.sink?.found([nodeOf('b', 1)])
  t.assert.deepEqual(portsOf(await told()), { b: '1', a: '1' })
})

test('more nodes than can be are left out, the last ones first', async (t: TestContext) => {
  const file = new Script('file')
  const { discovery, told } = discovering(t, [file], 3)
  const started = discovery.start(60_000)
  file.sink?.found(Array.from({ length: 5_000 }, (_, i) => nodeOf(`n${i}`, 1)))
  await started
  t.assert.deepEqual(Object.keys(portsOf(await told())), ['n0', 'n1', 'n2'])
  t.assert.equal(discovery.snapshot()[0]?.leftOut[0], 'n3: more than 3 nodes')
})

test('a thousand words at once are told as one', async (t: TestContext) => {
  const docker = new Script('docker')
  const { discovery, told, tellings } = discovering(t, [docker])
  const started = discovery.start(60_000)
  docker.sink?.found([])
  await started
  await told()
  for (let i = 1; i <= 1_000; i += 1) docker.sink?.found([nodeOf('a', i)])
  t.assert.deepEqual(portsOf(await told()), { a: '1000' })
  t.assert.equal(tellings(), 2)
})

test('once closed it tells nothing more, and its providers are closed', async (t: TestContext) => {
  const docker = new Script('docker')
  const { discovery, told, tellings } = discovering(t, [docker])
  const started = discovery.start(60_000)
  docker.sink?.found([])
  await started
  await told()
  docker.sink?.found([nodeOf('a', 1)])
  await discovery.close()
  docker.sink?.found([nodeOf('b', 1)])
  docker.sink?.failed(new Error('late'))
  t.assert.equal(docker.isClosed, true)
  t.assert.deepEqual([tellings(), discovery.snapshot()[0]?.up], [1, true])
})

test('who is told to look again before it begins does so when it begins', async (t: TestContext) => {
  const file = new Script('file')
  const { discovery } = discovering(t, [file])
  discovery.reload()
  t.assert.deepEqual([file.sink, file.reloads], [null, 0])
  const started = discovery.start(60_000)
  file.sink?.found([])
  await started
  discovery.reload()
  t.assert.equal(file.reloads, 1)
})

/** A provider that says what a test makes it say. */
class Script implements Provider {
  readonly name: string
  sink: ProviderSink | null = null
  isClosed = false
  reloads = 0

  constructor(name: string) {
    this.name = name
  }

  start(sink: ProviderSink): void {
    this.sink = sink
  }

  reload(): void {
    this.reloads += 1
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

function discovering(t: TestContext, providers: readonly Provider[], maxNodes = 1024) {
  const events = new EventEmitter()
  const clock = testClock()
  const sets: (readonly NodeSpec[])[] = []
  const lines: [level: string, details: object][] = []
  let count = 0
  const discovery = new Discovery(
    providers,
    {
      maxNodes,
      onNodes: (nodes) => {
        count += 1
        sets.push(nodes)
        events.emit('told')
      },
      log: (level, details) => {
        const { provider, problem } = details as { provider?: string; problem?: string }
        lines.push([level, problem === undefined ? { provider } : { provider, problem }])
      },
    },
    clock,
  )
  t.after(() => discovery.close())
  return {
    discovery,
    clock,
    tellings: () => count,
    /** The next set that is told of. */
    async told(): Promise<readonly NodeSpec[]> {
      while (sets.length === 0) await once(events, 'told', { signal: AbortSignal.timeout(20_000) })
      return sets.shift() ?? []
    },
    logged: (level: string) => lines.filter(([of]) => of === level).map(([, details]) => details),
  }
}

function nodeOf(id: string, port: number): NodeSpec {
  return parseNode({ id, url: `http://127.0.0.1:${port}` })
}

function portsOf(nodes: readonly NodeSpec[]): Record<string, string> {
  return Object.fromEntries(nodes.map(({ id, url }) => [id, url.port]))
}
