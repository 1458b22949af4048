import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { StubEngine } from '../test/stub-engine.ts'
import type { Selector } from './container.ts'
import { DockerContainers } from './docker-containers.ts'
import { DockerEngine } from './docker-engine.ts'

const id = (digit: string): string => digit.repeat(64)
const labelled: Selector = { kind: 'label', key: 'equipoise.enable', value: 'true' }
const enabled = { 'equipoise.enable': 'true' }
const patience = { timeout: 30_000, interval: 5 }

const geth1 = { id: id('a'), name: 'geth-1', labels: enabled, pid: 101 }
const geth2 = { id: id('b'), name: 'geth-2', labels: enabled, pid: 102 }
const other = { id: id('c'), name: 'other', labels: {}, pid: 103 }

/** A table over an engine that a test moves, with what it says to people. */
async function tableOf(
  t: TestContext,
  {
    selectors = [labelled],
    times = {},
  }: {
    selectors?: readonly Selector[]
    times?: ConstructorParameters<typeof DockerContainers>[0]['times']
  } = {},
) {
  const stub = await StubEngine.start(t)
  const lines: string[] = []
  const table = new DockerContainers({
    engine: new DockerEngine({ socketPath: stub.socketPath }),
    selectors,
    clock: systemClock,
    log: (line) => void lines.push(line),
    times: { firstPauseMs: 1, longestPauseMs: 20, ...times },
  })
  t.after(() => table.close())
  const changes = { count: 0 }
  const start = () =>
    table.start(() => {
      changes.count += 1
    })
  const names = () =>
    [...table.containers.values()].map(({ name, pid }) => `${name} ${pid ?? '-'}`).sort()
  const until = (expected: readonly string[]) =>
    t.waitFor(() => t.assert.deepEqual(names(), expected), patience)
  return { stub, table, lines, changes, start, until, names }
}

test('what runs at the start is there, whatever else does not bear the label', async (t: TestContext) => {
  const { stub, table, start, until } = await tableOf(t)
  stub.containers.push({ ...geth1, nanoCpus: 5e8, memory: 1024 }, { ...geth2, pid: 0 }, other)
  start()
  await until(['geth-1 101', 'geth-2 -'])
  t.assert.ok(table.isComplete)
  t.assert.deepEqual(table.containers.get(id('a')), {
    id: id('a'),
    name: 'geth-1',
    labels: enabled,
    pid: 101,
    limits: { cpus: 0.5, memBytes: 1024 },
  })
  t.assert.ok(!stub.asked.includes(`GET /containers/${other.id}/json`))
})

test('containers that start, stop, are renamed, limited anew and removed are followed', async (t: TestContext) => {
  const { stub, table, start, until } = await tableOf(t)
  start()
  await t.waitFor(() => t.assert.ok(table.isComplete), patience)
  const container: { -readonly [key in keyof typeof geth1]: (typeof geth1)[key] } & {
    nanoCpus?: number
  } = { ...geth1 }
  stub.containers.push(container)
  stub.tell('start', container)
  await until(['geth-1 101'])
  container.pid = 0
  stub.tell('die', container)
  await until(['geth-1 -'])
  Object.assign(container, { pid: 201, name: 'geth-9' })
  stub.tell('rename', container)
  await until(['geth-9 201'])
  container.nanoCpus = 2e9
  stub.tell('update', container)
  await t.waitFor(() => t.assert.equal(table.containers.get(id('a'))?.limits.cpus, 2), patience)
  stub.containers.length = 0
  stub.tell('destroy', container)
  await until([])
})

test('a container made anew under the name that is looked for takes its place', async (t: TestContext) => {
  const selectors: Selector[] = [{ kind: 'container', name: 'geth-1' }]
  const { stub, start, until } = await tableOf(t, { selectors })
  stub.containers.push(geth1, other)
  start()
  await until(['geth-1 101'])
  stub.containers.splice(0, 1, { ...geth2, name: 'geth-1' })
  stub.tell('destroy', geth1)
  stub.tell('start', { ...geth2, name: 'geth-1' })
  await until(['geth-1 102'])
})

test('a renamed container that no selector means any more is let go', async (t: TestContext) => {
  const selectors: Selector[] = [{ kind: 'container', name: 'geth-1' }]
  const { stub, start, until } = await tableOf(t, { selectors })
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.containers.splice(0, 1, { ...geth1, name: 'old' })
  stub.tell('rename', { ...geth1, name: 'old' })
  await until([])
})

test('what others do is not even looked at', async (t: TestContext) => {
  const { stub, table, start, until } = await tableOf(t)
  start()
  await t.waitFor(() => t.assert.ok(table.isComplete), patience)
  stub.containers.push(other, geth1)
  stub.tell('start', other)
  stub.tell('start', geth1)
  await until(['geth-1 101'])
  t.assert.ok(!stub.asked.includes(`GET /containers/${other.id}/json`))
})

test('events that were lost are made up for when the stream is cut', async (t: TestContext) => {
  const { stub, start, until } = await tableOf(t)
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.containers.push(geth2)
  stub.cut()
  await until(['geth-1 101', 'geth-2 102'])
})

test('events that were lost are made up for by and by', async (t: TestContext) => {
  const { stub, start, until } = await tableOf(t, { times: { resyncMs: 20 } })
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.containers.splice(0, 1, geth2)
  await until(['geth-2 102'])
})

test('while the engine is away the last that was known stands, and people hear of it once', async (t: TestContext) => {
  const { stub, lines, start, until } = await tableOf(t)
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.failure = 500
  const before = stub.asked.length
  stub.cut()
  await t.waitFor(() => t.assert.ok(stub.asked.length >= before + 5), patience)
  await until(['geth-1 101'])
  t.assert.equal(lines.filter((line) => /HTTP code 500/.test(line)).length, 1)
  stub.failure = 0
  stub.containers.push(geth2)
  await until(['geth-1 101', 'geth-2 102'])
  t.assert.equal(lines.at(-1), 'docker: is read')
})

test('an engine that does not answer is given up and asked again', async (t: TestContext) => {
  const { stub, lines, start, until } = await tableOf(t, { times: { answerMs: 20 } })
  stub.containers.push(geth1)
  stub.failure = -1
  start()
  await t.waitFor(() => t.assert.ok(stub.asked.length >= 3), patience)
  t.assert.deepEqual(lines, ['docker: cannot be read (no answer); asking again'])
  stub.failure = 0
  await until(['geth-1 101'])
})

test('a stream of events that is no JSON is given up and asked for again', async (t: TestContext) => {
  const { stub, lines, start, until } = await tableOf(t)
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.containers.push(geth2)
  stub.say('<html>\n')
  await until(['geth-1 101', 'geth-2 102'])
  t.assert.ok(lines.some((line) => /no JSON/.test(line)))
})

test('a container in doubt is looked at at once', async (t: TestContext) => {
  const { stub, table, start, until } = await tableOf(t)
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  stub.containers.splice(0, 1, { ...geth1, pid: 301 })
  table.doubt(geth1.id)
  await until(['geth-1 301'])
})

test('an engine that is not there leaves the table incomplete, and closing ends the asking', async (t: TestContext) => {
  const lines: string[] = []
  const table = new DockerContainers({
    engine: new DockerEngine({ socketPath: '/nowhere/docker.sock' }),
    selectors: [labelled],
    clock: systemClock,
    log: (line) => void lines.push(line),
  })
  table.start(() => {})
  await t.waitFor(() => t.assert.match(lines.join(), /cannot be read.*ENOENT/), patience)
  t.assert.equal(table.isComplete, false)
  await table.close()
})

test('closing ends the streams', async (t: TestContext) => {
  const { stub, table, start, until } = await tableOf(t)
  stub.containers.push(geth1)
  start()
  await until(['geth-1 101'])
  t.assert.ok(stub.isFollowed)
  await table.close()
  await t.waitFor(() => t.assert.ok(!stub.isFollowed), patience)
})
