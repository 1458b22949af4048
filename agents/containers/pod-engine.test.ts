import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { DockerContainers } from './docker-containers.ts'
import { PodEngine, type Pods } from './pod-engine.ts'

const first = 'a'.repeat(64)
const second = 'b'.repeat(64)
const sidecar = 'c'.repeat(64)
const forever = new AbortController().signal

/** An API server with one list of pods, and watches that are written to by hand. */
class StubPods implements Pods {
  items: unknown[] = []
  version = 1
  /** Versions from which it was watched. */
  readonly watched: string[] = []
  stream = new PassThrough()

  async list(): Promise<unknown> {
    return { metadata: { resourceVersion: String(this.version) }, items: this.items }
  }

  async watch(version: string, signal: AbortSignal): Promise<NodeJS.ReadableStream> {
    this.watched.push(version)
    this.stream = new PassThrough()
    signal.addEventListener('abort', () => this.stream.destroy(new Error('given up')))
    return this.stream
  }

  tell(type: string, object: unknown): void {
    this.stream.write(`${JSON.stringify({ type, object })}\n`)
  }
}

function pod(name: string, id: string | null, version = 2, annotations = {}): unknown {
  const statuses = id === null ? [] : [{ name: 'geth', containerID: `containerd://${id}` }]
  return {
    metadata: { name, labels: { app: 'geth' }, annotations, resourceVersion: String(version) },
    spec: { containers: [{ name: 'geth' }, { name: 'exporter' }] },
    status: {
      containerStatuses: [
        { name: 'exporter', containerID: `containerd://${sidecar}` },
        ...statuses,
      ],
    },
  }
}

test('a pod is its first container, by its own name and labels', async (t: TestContext) => {
  const pods = new StubPods()
  pods.items = [pod('geth-0', first), pod('geth-1', null)]
  const engine = new PodEngine(pods, () => new Map([[first, 4242]]))
  t.assert.deepEqual(await engine.list(forever), [
    { id: first, name: 'geth-0', labels: { app: 'geth' } },
  ])
  t.assert.deepEqual(await engine.inspect(first, forever), {
    id: first,
    name: 'geth-0',
    labels: { app: 'geth' },
    pid: 4242,
    limits: {},
  })
  t.assert.equal(await engine.inspect(sidecar, forever), undefined)
})

test('of several containers the one that kubectl would take is meant', async (t: TestContext) => {
  const pods = new StubPods()
  pods.items = [pod('geth-0', first, 2, { 'kubectl.kubernetes.io/default-container': 'exporter' })]
  const [found] = await new PodEngine(pods, () => new Map()).list(forever)
  t.assert.equal(found?.id, sidecar)
})

test('a container that has ended is known, and has no process', async (t: TestContext) => {
  const pods = new StubPods()
  pods.items = [pod('geth-0', first)]
  const engine = new PodEngine(pods, () => new Map())
  t.assert.equal((await engine.inspect(first, forever))?.pid, undefined)
})

test('what is no list is refused', async (t: TestContext) => {
  for (const answer of [null, 'pods', {}, { items: {} }]) {
    const engine = new PodEngine(
      { list: async () => answer, watch: async () => new PassThrough() },
      () => new Map(),
    )
    await t.assert.rejects(engine.list(forever), /the list of pods is none/)
  }
})

test('a container that is started anew takes the place of the former one', async (t: TestContext) => {
  const pods = new StubPods()
  pods.items = [pod('geth-0', first)]
  const engine = new PodEngine(pods, () => new Map())
  const events = (await engine.events(0, forever))[Symbol.asyncIterator]()
  pods.tell('MODIFIED', pod('geth-0', second))
  t.assert.equal((await events.next()).value?.id, first)
  t.assert.equal((await events.next()).value?.id, second)
  pods.items = []
  t.assert.equal(await engine.inspect(first, forever), undefined)
  pods.stream.end()
})

test('a watch that the server ends is gone on with from where it was', async (t: TestContext) => {
  const pods = new StubPods()
  const engine = new PodEngine(pods, () => new Map())
  const over = new AbortController()
  const events = (await engine.events(0, over.signal))[Symbol.asyncIterator]()
  pods.tell('ADDED', pod('geth-0', first, 7))
  t.assert.equal((await events.next()).value?.name, 'geth-0')
  const next = events.next()
  pods.stream.end()
  while (pods.watched.length < 2) await new Promise((resolve) => setImmediate(resolve))
  t.assert.deepEqual(pods.watched, ['1', '7'])
  over.abort()
  await t.assert.rejects(next)
})

test('a watch that is too old is begun anew, with a list', async (t: TestContext) => {
  const pods = new StubPods()
  const engine = new PodEngine(pods, () => new Map())
  const events = (await engine.events(0, forever))[Symbol.asyncIterator]()
  pods.tell('ERROR', { code: 410, reason: 'Expired' })
  await t.assert.rejects(events.next(), /Expired/)
})

test('pods with a label come and go in the table of containers', async (t: TestContext) => {
  const pods = new StubPods()
  const said: string[] = []
  const { promise: changed, resolve } = Promise.withResolvers<void>()
  let onChange = resolve
  const table = new DockerContainers({
    name: 'kubernetes',
    engine: new PodEngine(pods, () => new Map([[second, 7]])),
    selectors: [{ kind: 'label', key: 'app', value: 'geth' }],
    clock: systemClock,
    log: (line) => said.push(line),
  })
  t.after(() => table.close())
  table.start(() => onChange())
  await changed
  t.assert.ok(table.isComplete)
  t.assert.equal(table.containers.size, 0)
  const { promise: came, resolve: onCame } = Promise.withResolvers<void>()
  onChange = onCame
  pods.items = [pod('geth-1', second)]
  pods.tell('ADDED', pod('geth-1', second))
  await came
  t.assert.equal(table.containers.get(second)?.pid, 7)
  const { promise: went, resolve: onWent } = Promise.withResolvers<void>()
  onChange = onWent
  pods.items = []
  pods.tell('DELETED', pod('geth-1', second))
  await went
  t.assert.equal(table.containers.size, 0)
  t.assert.deepEqual(said, ['kubernetes: is read'])
})
