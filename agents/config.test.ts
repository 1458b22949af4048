import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ConfigError, checkConfig, defaults, type Flags, parseFlags } from './config.ts'
import { isLoopback } from './reach.ts'

const flags: Flags = {
  pid: ['a=1'],
  addr: defaults.addr,
  port: String(defaults.port),
  interval: String(defaults.intervalMs),
  source: defaults.source,
  procRoot: defaults.procRoot,
  cgroupRoot: defaults.cgroupRoot,
}

function problemsOf(given: Partial<Flags>, unknown: readonly string[] = []): readonly string[] {
  try {
    parseFlags({ ...flags, ...given }, unknown)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('a pid, a pid file and declared capacities become nodes', (t: TestContext) => {
  const { nodes } = parseFlags({
    ...flags,
    pid: ['a=4242', 'b=/run/b.pid', 'c=./c.pid'],
    networkMbps: ['a=1000'],
    diskMbps: ['a=0.5', 'c=8'],
  })
  t.assert.deepEqual(nodes, [
    { id: 'a', pid: 4242, networkBytesPerS: 125_000_000, diskBytesPerS: 62_500 },
    { id: 'b', pidFile: '/run/b.pid' },
    { id: 'c', pidFile: './c.pid', diskBytesPerS: 1_000_000 },
  ])
})

test('what is not given has its default, and the host its name', (t: TestContext) => {
  const { host, ...rest } = parseFlags(flags)
  t.assert.deepEqual(rest, { ...defaults, nodes: [{ id: 'a', pid: 1 }] })
  t.assert.notEqual(host, '')
})

test('all problems are told at once, each with its flag', (t: TestContext) => {
  const problems = problemsOf(
    {
      pid: ['a', '=1', 'b=x', 'c d=1', 'e=0', 'f=1', 'f=2'],
      port: '65536',
      interval: '19',
      source: 'x',
      host: '',
      addr: '0.0.0.0',
      networkMbps: ['z=1', 'f=0'],
      diskMbps: ['f'],
    },
    ['--what', 'ever'],
  )
  t.assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]).sort(),
    [
      '--what',
      'ever',
      '--network-mbps f=0',
      '--network-mbps z',
      '--disk-mbps f',
      '--pid a',
      '--pid =1',
      '--pid b=x',
      '--pid c d=1',
      '--pid e=0',
      '--pid f',
      '--port 65536',
      '--interval 19',
      '--source x',
      '--host',
      '--addr 0.0.0.0',
    ].sort(),
  )
})

test('nothing to watch is a problem', (t: TestContext) => {
  t.assert.match(problemsOf({ pid: [] }).join(), /^--pid, --container, --label: want at least one/)
})

test('an address off the loopback needs a token', (t: TestContext) => {
  for (const addr of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) t.assert.ok(isLoopback(addr))
  for (const addr of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'host', '']) {
    t.assert.ok(!isLoopback(addr), addr)
    t.assert.match(problemsOf({ addr }).join(), /give --token-file/)
  }
})

test('a token file must be there and hold something', (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
  const tokenFile = join(folder, 'token')
  try {
    t.assert.match(problemsOf({ tokenFile }).join(), /cannot be read \(ENOENT\)/)
    writeFileSync(tokenFile, ' \n')
    t.assert.match(problemsOf({ tokenFile }).join(), /is empty/)
    writeFileSync(tokenFile, 'secret\n')
    t.assert.deepEqual(problemsOf({ tokenFile, addr: '0.0.0.0' }), [])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a configuration that did not come as flags is held to the same rules', (t: TestContext) => {
  t.assert.throws(() => checkConfig({ ...defaults, host: 'h', nodes: [] }), ConfigError)
})
