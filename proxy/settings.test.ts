import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { strategyText } from './balance/strategy-choice.ts'
import { ConfigError } from './config.ts'
import { type Flags, loadConfig } from './settings.ts'

const node = 'http://127.0.0.1:18545'

test('a flag counts over the file, the file over the default', async (t: TestContext) => {
  const config = await fileWith(
    t,
    `http: { port: 1111, addr: 127.0.0.2 }\nstrategy: round-robin\nnodes: [{ id: x, url: ${node} }]`,
  )
  const file = loadConfig(flags({ config }))
  t.assert.deepEqual(
    [file.http.port, file.http.addr, file.strategy.name, file.nodes[0]?.id],
    [1111, '127.0.0.2', 'round-robin', 'x'],
  )
  const both = loadConfig(
    flags({ config, strategy: 'least-connection', node: [node], keys: { 'http.port': '2222' } }),
  )
  t.assert.deepEqual(
    [both.http.port, both.http.addr, both.strategy.name, both.nodes[0]?.id],
    [2222, '127.0.0.2', 'least-connection', 'node-1'],
  )
  t.assert.equal(both.admin.port, 8550)
})

test('a node without a name is named by its place, also when others have one', (t: TestContext) => {
  const { nodes } = loadConfig(flags({ node: [node, `a=${node}`, `${node}/?key=b=c`] }))
  t.assert.deepEqual(
    nodes.map(({ id }) => id),
    ['node-1', 'a', 'node-3'],
  )
  t.assert.equal(nodes[2]?.url.href, `${node}/?key=b=c`)
})

test('an agent belongs to the node it is named for, of the file or of a flag', async (t: TestContext) => {
  const agent = ['a=http://127.0.0.1:8560']
  const byFlag = loadConfig(flags({ node: [`a=${node}`], agent }))
  t.assert.equal(byFlag.nodes[0]?.agent?.href, 'http://127.0.0.1:8560/')
  const config = await fileWith(t, `nodes: [{ id: a, url: ${node} }]`)
  t.assert.equal(loadConfig(flags({ config, agent })).nodes[0]?.agent?.port, '8560')
})

test('so do the cores that it may use', async (t: TestContext) => {
  const byFlag = loadConfig(flags({ node: [`a=${node}`, `b=${node}`], cores: ['b=0.5'] }))
  t.assert.deepEqual(
    byFlag.nodes.map(({ cores }) => cores),
    [undefined, 0.5],
  )
  const config = await fileWith(t, `nodes: [{ id: a, url: ${node}, cores: 1 }]`)
  t.assert.equal(loadConfig(flags({ config, cores: ['a=4'] })).nodes[0]?.cores, 4)
  for (const text of ['a=many', 'a=0', 'a=-1', 'a=Infinity']) {
    t.assert.deepEqual(problemsOf(flags({ config, cores: [text] })), ['nodes[0].cores'], text)
  }
  for (const text of ['b=1', 'a', 'a=']) {
    t.assert.deepEqual(problemsOf(flags({ config, cores: [text] })), ['--cores'], text)
  }
})

test('problems of flags and file are told together, each once', async (t: TestContext) => {
  const config = await fileWith(t, 'htp: {}')
  const agent = ['nobody=http://127.0.0.1:1', 'http://127.0.0.1:1']
  t.assert.deepEqual(problemsOf(flags({ config, agent, keys: { 'http.port': 'x' } })), [
    '--agent',
    '--agent',
    'http.port',
    'htp',
    'nodes',
  ])
})

test('a number on the command line is digits, and nothing else', (t: TestContext) => {
  for (const text of ['', ' ', '-1', '1.5', '0x1f', '1e3', 'abc', '８５']) {
    const keys = { 'http.port': text }
    t.assert.deepEqual(problemsOf(flags({ node: [node], keys })), ['http.port'], text)
  }
  const { http } = loadConfig(flags({ node: [node], keys: { 'http.port': '0' } }))
  t.assert.equal(http.port, 0)
})

test('a file that cannot be read, or holds no keys, is named', async (t: TestContext) => {
  t.assert.deepEqual(problemsOf(flags({ config: '/nowhere/at.yaml' })), ['/nowhere/at.yaml'])
  for (const text of ['- a\n- b', 'just words', '{ a: ', 'a: b: c']) {
    const config = await fileWith(t, text)
    t.assert.deepEqual(problemsOf(flags({ config })), [config], text)
  }
})

test('an empty file holds no problem of its own', async (t: TestContext) => {
  const config = await fileWith(t, '# nothing yet\n')
  t.assert.equal(loadConfig(flags({ config, node: [node] })).nodes.length, 1)
})

test('parts of the strategy may come from flags, whichever strategy is named where', async (t: TestContext) => {
  const config = await fileWith(
    t,
    `strategy: { name: state-space, hold: off }\nnodes: [{ id: x, url: ${node} }]`,
  )
  const written = (given: Flags) => strategyText(loadConfig(given).strategy)
  t.assert.equal(written(flags({ config })), 'state-space:hold=off')
  t.assert.equal(written(flags({ config, hold: 'when-busy' })), 'state-space:hold=when-busy')
  t.assert.equal(
    written(flags({ config, observer: 'quota' })),
    'state-space:hold=off:observer=quota',
  )
  t.assert.equal(written(flags({ config, strategy: 'state-space' })), 'state-space')
  t.assert.equal(written(flags({ node: [node], hold: 'off' })), 'state-space:hold=off')
})

test('a part that the strategy does not have is a problem of its key', (t: TestContext) => {
  for (const given of [
    flags({ node: [node], strategy: 'round-robin', hold: 'off' }),
    flags({ node: [node], hold: 'sometimes' }),
    flags({ node: [node], strategy: 'state-space:hold=on:speed=high' }),
  ]) {
    t.assert.deepEqual(problemsOf(given), ['strategy'])
  }
})

function flags(but: Omit<Partial<Flags>, 'keys'> & { keys?: Record<string, string> }): Flags {
  return { ...but, keys: new Map(Object.entries(but.keys ?? {})) }
}

function problemsOf(given: Flags): readonly string[] {
  try {
    loadConfig(given)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path)
    throw error
  }
  return []
}

async function fileWith(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-test-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'equipoise.yaml')
  await writeFile(file, text)
  return file
}
