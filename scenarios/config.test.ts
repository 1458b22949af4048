import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { type BenchFlags, benchDefaults, parseCompare, parseRun } from './config.ts'
import { UsageError } from './flags.ts'

test('no flag at all is a comparison that takes less than three minutes', (t: TestContext) => {
  const config = parseCompare({})
  const trialMs = config.warmupMs + config.durationMs
  // Two seconds for each restart of the proxy, twenty to bring the fleet up.
  const totalMs = config.contenders.length * config.repeats * (trialMs + 2000) + 20_000
  t.assert.ok(totalMs <= 180_000)
  t.assert.equal(config.baseline, 'least-connection')
  t.assert.deepEqual(config.cpus, [0.25, 0.5, 1])
})

test('every flag is taken', (t: TestContext) => {
  const config = parseCompare({
    strategies: 'round-robin, state-space',
    baseline: 'round-robin',
    workload: 'light-reads',
    rate: '12.5',
    duration: '1m',
    warmup: '500ms',
    repeats: '7',
    seed: '9',
    nodes: '2',
    cpu: '0.5,1.5',
    maxInFlight: '50',
    timeout: '2s',
    saturate: true,
    out: '/tmp/somewhere',
  })
  t.assert.deepEqual(config, {
    contenders: [
      { name: 'round-robin', url: null },
      { name: 'state-space', url: null },
    ],
    baseline: 'round-robin',
    workload: 'light-reads',
    ratePerSecond: 12.5,
    durationMs: 60_000,
    warmupMs: 500,
    repeats: 7,
    seed: 9,
    nodes: 2,
    cpus: [0.5, 1.5],
    maxInFlight: 50,
    timeoutMs: 2000,
    saturate: true,
    outDir: '/tmp/somewhere',
  })
})

test('a run is one trial of one strategy', (t: TestContext) => {
  const config = parseRun({ strategy: 'round-robin' })
  t.assert.deepEqual([config.contenders.length, config.repeats], [1, 1])
  t.assert.equal(config.baseline, 'round-robin')
})

test('targets are contenders in the place of strategies, and nodes of ours are none', (t: TestContext) => {
  const config = parseCompare({ target: ['haproxy=http://127.0.0.1:8080', 'http://localhost:9/x'] })
  t.assert.deepEqual(config.contenders, [
    { name: 'haproxy', url: 'http://127.0.0.1:8080' },
    { name: 'localhost:9', url: 'http://localhost:9/x' },
  ])
  t.assert.equal(config.baseline, 'haproxy')
  t.assert.deepEqual([config.nodes, config.cpus], [0, []])
})

test('another number of nodes has no quotas unless they are named', (t: TestContext) => {
  t.assert.deepEqual(parseCompare({ nodes: '5' }).cpus, [])
  t.assert.equal(parseCompare({ cpu: '1,1' }).nodes, 2)
  t.assert.deepEqual(parseCompare({ cpu: 'none' }).cpus, [])
})

const refused: readonly (readonly [string, BenchFlags, RegExp])[] = [
  [
    'a strategy nobody knows',
    { strategies: 'best' },
    /^--strategies best: want some of round-robin/,
  ],
  [
    'a strategy named twice',
    { strategies: 'round-robin,round-robin' },
    /round-robin is named twice/,
  ],
  ['a hole in a list', { strategies: 'round-robin,,state-space' }, /an empty item/],
  ['a baseline that takes no part', { baseline: 'peak-ewma' }, /^--baseline peak-ewma: not among/],
  ['a workload nobody knows', { workload: 'x' }, /^--workload x: want one of mixed-reads/],
  ['a rate of nothing', { rate: '0' }, /^--rate 0: want a number from 0.1/],
  ['a rate in words', { rate: 'fast' }, /^--rate fast/],
  ['a rate below nothing', { rate: '-5' }, /^--rate -5/],
  ['a time without a unit', { duration: '20' }, /^--duration 20: want a time such as/],
  ['a time too long', { duration: '2000m' }, /^--duration 2000m/],
  ['half a repeat', { repeats: '1.5' }, /^--repeats 1.5: want a whole number/],
  ['a seed below nothing', { seed: '-1' }, /^--seed -1/],
  ['no nodes', { nodes: '0' }, /^--nodes 0/],
  ['fewer quotas than nodes', { nodes: '3', cpu: '1,1' }, /^--cpu: 2 quotas for 3 nodes/],
  ['a quota of nothing', { cpu: '0,1,1' }, /^--cpu 0: want a number from 0.05/],
  ['a target that is no URL', { target: ['localhost'] }, /^--target localhost: want http/],
  ['a target of another protocol', { target: ['ws://localhost'] }, /^--target ws/],
  ['a fleet beside a target', { target: ['http://a'], nodes: '3' }, /^--nodes: not with --target/],
  ['an output nowhere', { out: '' }, /^--out: want a folder/],
  ['a trial of endless calls', { rate: '20000', duration: '60m' }, /at most 2000000 a trial/],
]

for (const [what, flags, message] of refused) {
  test(`${what} is refused with the reason`, (t: TestContext) => {
    t.assert.throws(() => parseCompare(flags), { name: 'UsageError', message })
  })
}

test('all problems are told at once', (t: TestContext) => {
  try {
    parseCompare({ rate: 'x', duration: 'y', strategies: 'z' })
    t.assert.fail('taken')
  } catch (error) {
    t.assert.ok(error instanceof UsageError)
    t.assert.equal(error.problems.length, 3)
  }
})

test('the defaults in README.md are those of the code', async (t: TestContext) => {
  const readme = await readFile(new URL('./README.md', import.meta.url), 'utf8')
  const rows = readme.split('\n').filter((line) => line.startsWith('| `--'))
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))
  const told = new Map(
    cells.flatMap(([, flags = '', defaults = '']) => {
      const values = defaults.match(/`[^`]+`/g) ?? []
      return (flags.match(/`[^`]+`/g) ?? []).map((flag, i) => [flag, values[i]] as const)
    }),
  )
  const { workload, rate, duration, warmup, repeats, seed, nodes, cpu, timeout } = benchDefaults
  const real = { workload, rate, duration, warmup, repeats, seed, nodes, cpu, timeout }
  for (const [flag, value] of Object.entries(real)) {
    t.assert.equal(told.get(`\`--${flag}\``), `\`${value}\``, flag)
  }
  t.assert.equal(told.get('`--max-in-flight`'), `\`${benchDefaults.maxInFlight}\``)
})
