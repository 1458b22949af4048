import { type TestContext, test } from 'node:test'
import { type Config, ConfigError, configKeys, parseConfig } from './config.ts'

const nodes = [{ id: 'a', url: 'http://127.0.0.1:8545' }]

test('a list of nodes is enough, and the rest is as in Geth', (t: TestContext) => {
  const config = parseConfig({ nodes })
  t.assert.equal(config.http.addr, '127.0.0.1')
  t.assert.equal(config.http.port, 8545)
  t.assert.deepEqual(config.http.api, ['eth', 'net', 'web3'])
  t.assert.deepEqual(config.http.vhosts, ['localhost'])
  t.assert.deepEqual(config.http.corsdomain, [])
  t.assert.equal(config.rpc['batch-request-limit'], 1000)
  t.assert.equal(config.rpc['batch-response-max-size'], 25_000_000)
  t.assert.equal(config.admin.addr, '127.0.0.1')
  t.assert.equal(config.strategy.name, 'state-space')
})

test('every problem is told at once, each with its path', (t: TestContext) => {
  const wrong = {
    http: { port: 70_000, api: [''], colour: 'red' },
    rpc: { 'batch-request-limit': -1 },
    nodes: [
      { id: 'a', url: 'ftp://127.0.0.1' },
      { id: 'a', url: 'http://127.0.0.1', cores: 0 },
      { id: '-b', url: 'http://127.0.0.1' },
      { url: 'http://127.0.0.1' },
    ],
    strategy: 'best',
    health: { interval: 'soon' },
    limits: { 'max-calls': 0 },
    admin: { addr: '0.0.0.0' },
  }
  t.assert.deepEqual(
    problemsOf(wrong)
      .map(({ path }) => path)
      .sort(),
    [
      'admin.token-file',
      'health.interval',
      'http.api[0]',
      'http.colour',
      'http.port',
      'limits.max-calls',
      'nodes[0].url',
      'nodes[1].cores',
      'nodes[1].id',
      'nodes[2].id',
      'nodes[3].id',
      'rpc.batch-request-limit',
      'strategy',
    ],
  )
})

test('a key that is misspelt is no key, at any depth', (t: TestContext) => {
  const wrong = { nodes: [{ ...nodes[0], url2: '' }], htp: {}, limits: { timeot: '1s' } }
  t.assert.deepEqual(
    problemsOf(wrong)
      .map(({ path, message }) => `${path}: ${message}`)
      .sort(),
    ['htp: no such key', 'limits.timeot: no such key', 'nodes[0].url2: no such key'],
  )
})

test('without a node there is nothing to serve', (t: TestContext) => {
  t.assert.deepEqual(problemsOf({ nodes: [] }), [
    { path: 'nodes', message: 'name at least one node, or a provider that finds some' },
  ])
  t.assert.ok(problemsOf({}).some(({ path }) => path === 'nodes'))
  for (const value of [null, 7, 'nodes', []]) t.assert.ok(problemsOf(value).length > 0)
})

test('durations bear their unit, or are milliseconds', (t: TestContext) => {
  const interval = (value: unknown): Config['health']['interval'] =>
    parseConfig({ nodes, health: { interval: value } }).health.interval
  t.assert.deepEqual(
    ['250ms', '2s', '1.5s', '1m', 40].map(interval),
    [250, 2_000, 1_500, 60_000, 40],
  )
  for (const wrong of ['', '2', '2h', '-1s', '0s', 0, -1, '1 s']) {
    t.assert.ok(problemsOf({ nodes, health: { interval: wrong } }).length > 0, String(wrong))
  }
})

test('lists may be written as Geth’s flags write them', (t: TestContext) => {
  const { http } = parseConfig({ nodes, http: { api: 'eth, debug,', vhosts: ['*'] } })
  t.assert.deepEqual(http.api, ['eth', 'debug'])
  t.assert.deepEqual(http.vhosts, ['*'])
})

test('the admin port leaves loopback with a token and not without', (t: TestContext) => {
  for (const addr of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'example.com']) {
    t.assert.deepEqual(
      problemsOf({ nodes, admin: { addr } }).map(({ path }) => path),
      ['admin.token-file'],
      addr,
    )
  }
  for (const addr of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.assert.equal(parseConfig({ nodes, admin: { addr } }).admin.addr, addr)
  }
  const guarded = { addr: '0.0.0.0', 'token-file': '/run/token' }
  t.assert.equal(parseConfig({ nodes, admin: guarded }).admin.addr, '0.0.0.0')
})

test('an error prints a problem a line', (t: TestContext) => {
  const error = new ConfigError([
    { path: 'a.b', message: 'want c' },
    { path: 'd', message: 'want e' },
  ])
  t.assert.equal(error.message, 'a.b: want c\nd: want e')
})

test('the keys are the leaves of the tree', (t: TestContext) => {
  for (const key of [
    'http.port',
    'rpc.batch-request-limit',
    'limits.timeout',
    'nodes',
    'strategy',
  ]) {
    t.assert.ok(configKeys.includes(key), key)
  }
  t.assert.equal(configKeys.includes('http'), false)
  t.assert.equal(new Set(configKeys).size, configKeys.length)
})

test('WebSocket may have an address of its own where it has a port of its own', (t: TestContext) => {
  const [problem] = problemsOf({ nodes, ws: { addr: '0.0.0.0' } })
  t.assert.equal(problem?.path, 'ws.addr')
  t.assert.deepEqual(problemsOf({ nodes, ws: { addr: '0.0.0.0', port: 8546 } }), [])
  t.assert.deepEqual(
    problemsOf({ nodes, http: { addr: '::' }, ws: { addr: '::', port: 8545 } }),
    [],
  )
})

function problemsOf(value: unknown): ConfigError['problems'] {
  try {
    parseConfig(value)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
