import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { type BenchFlags, benchDefaults, parseCompare, parseRun } from './config.ts'
import { UsageError } from './flags.ts'
import { expectedMs, repeatsOf } from './repeats.ts'

test('no flag at all is a comparison that ends within three minutes', (t: TestContext) => {
  const config = parseCompare({})
  t.assert.ok((config.budgetMs ?? Number.POSITIVE_INFINITY) < 180_000)
  // Undisturbed, every trial of it fits.
  t.assert.ok(expectedMs(config, config.repeats ?? 0) < (config.budgetMs ?? 0))
  t.assert.ok((config.repeats ?? 0) >= 3, 'fewer have no interval')
  t.assert.equal(config.baseline, 'least-connection')
  t.assert.deepEqual(config.profiles[0]?.cpus, [0.25, 0.5, 1])
})

test('every flag is taken', (t: TestContext) => {
  const config = parseCompare({
    strategies: 'round-robin, state-space:hold=off',
    baseline: 'round-robin',
    fleet: 'geth',
    profile: 'hetero,disk',
    workload: 'light-reads',
    load: '0.5,0.95',
    arrivals: 'bursty',
    transport: 'ws',
    duration: '1m',
    warmup: '500ms',
    repeats: '7',
    budget: '20m',
    once: true,
    seed: '9',
    maxInFlight: '50',
    timeout: '2s',
    saturate: true,
    foreign: '0.5',
    late: '3',
    tries: '2',
    keepDisturbed: true,
    p99Limit: '250ms',
    failIf: ['p99(round-robin) > 100'],
    out: '/tmp/somewhere',
  })
  const { profiles, failIf, ...plain } = config
  t.assert.deepEqual(
    profiles.map(({ name }) => name),
    ['hetero', 'disk'],
  )
  t.assert.equal(failIf.length, 1)
  t.assert.deepEqual(plain, {
    contenders: [
      { name: 'round-robin', url: null },
      { name: 'state-space:hold=off', url: null },
    ],
    baseline: 'round-robin',
    fleet: 'geth',
    workloads: ['light-reads'],
    loads: [0.5, 0.95],
    ratePerSecond: null,
    arrivals: { kind: 'bursty', factor: 6, calmMs: 2_000, burstMs: 500 },
    transport: 'ws',
    durationMs: 60_000,
    warmupMs: 500,
    repeats: 7,
    budgetMs: 1_200_000,
    isOnce: true,
    seed: 9,
    maxInFlight: 50,
    timeoutMs: 2000,
    saturate: true,
    rules: {
      ...{ mostForeignCores: 0.5, mostLateMs: 3, mostBusyShare: 0.9 },
      ...{ mostTries: 2, keepsDisturbed: true },
    },
    p99LimitMs: 250,
    outDir: '/tmp/somewhere',
    resumes: false,
  })
})

test('a run is one trial of one strategy', (t: TestContext) => {
  const config = parseRun({ strategy: 'round-robin' })
  t.assert.deepEqual([config.contenders.length, config.repeats], [1, 1])
  t.assert.equal(config.baseline, 'round-robin')
})

test('targets are contenders in the place of strategies, and nodes of ours are none', (t: TestContext) => {
  const config = parseCompare({ target: ['haproxy=http://127.0.0.1:8080', 'ws://localhost:9/x'] })
  t.assert.deepEqual(config.contenders, [
    { name: 'haproxy', url: 'http://127.0.0.1:8080' },
    { name: 'localhost:9', url: 'ws://localhost:9/x' },
  ])
  t.assert.equal(config.baseline, 'haproxy')
  t.assert.deepEqual([config.profiles, config.loads, config.ratePerSecond], [[], [], 100])
})

test('another number of nodes has no quotas unless they are named', (t: TestContext) => {
  const profile = (flags: BenchFlags) => parseCompare(flags).profiles[0]
  t.assert.deepEqual(profile({ nodes: '5' })?.cpus, [])
  t.assert.equal(profile({ cpu: '1,1' })?.nodes, 2)
  t.assert.deepEqual(profile({ cpu: 'none' })?.cpus, [])
})

test('a budget alone sets the repeats, more time more of them', (t: TestContext) => {
  const repeats = (budget: string) => repeatsOf(parseCompare({ budget }))
  t.assert.equal(parseCompare({ budget: '20m' }).repeats, null)
  t.assert.ok(repeats('20m') > repeats('5m') && repeats('5m') > repeats('2m'))
  t.assert.equal(repeats('10s'), 1)
  const config = parseCompare({ budget: '20m', profile: 'equal,hetero' })
  t.assert.ok(expectedMs(config, repeatsOf(config)) <= 1_200_000)
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
  ['arrivals nobody knows', { arrivals: 'x' }, /^--arrivals x: want one of poisson, bursty/],
  ['a speed without a trace', { speed: '2' }, /^--speed: only with --trace/],
  ['a trace that is not there', { trace: '/nowhere' }, /^--trace ENOENT/],
  ['a trace beside a rate', { trace: '/nowhere', rate: '5' }, /--rate: not with --trace/],
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
  ['a target of another protocol', { target: ['ftp://localhost'] }, /^--target ftp/],
  ['a fleet beside a target', { target: ['http://a'], nodes: '3' }, /^--nodes: not with --target/],
  ['a load beside a rate', { load: '0.5', rate: '9' }, /^--rate and --load/],
  ['a load on a target', { target: ['http://a'], load: '0.5' }, /^--load: not with --target/],
  ['a load of nothing', { load: '0' }, /^--load 0: want a number from 0.05/],
  ['a load named twice', { load: '0.5,0.5' }, /0.5 is named twice/],
  ['a fleet nobody knows', { fleet: 'besu' }, /^--fleet besu: want one of anvil, geth/],
  ['a profile nobody knows', { profile: 'odd' }, /^--profile odd: want one of unequal/],
  ['a disk profile on Anvil', { profile: 'disk' }, /^--profile disk: takes --fleet geth/],
  ['a profile beside quotas', { profile: 'equal', cpu: '1' }, /^--profile: not with/],
  ['a transport nobody knows', { transport: 'ipc' }, /^--transport ipc/],
  ['HAProxy over WebSocket', { haproxy: true, transport: 'ws' }, /^--haproxy: not with/],
  ['HAProxy beside a target', { haproxy: true, target: ['http://a'] }, /^--haproxy: not with/],
  ['a budget without a unit', { budget: '20' }, /^--budget 20: want a time/],
  ['no tries', { tries: '0' }, /^--tries 0/],
  ['two folders', { out: 'a', resume: 'b' }, /^--out and --resume/],
  ['a condition that is none', { failIf: ['p99'] }, /^--fail-if 'p99': not understood/],
  ['a condition on nobody', { failIf: ['p99(x) > 1'] }, /x takes no part/],
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
  const {
    strategies: _strategies,
    strategy: _strategy,
    maxInFlight,
    p99Limit,
    ...same
  } = benchDefaults
  const real = { ...same, 'max-in-flight': maxInFlight, 'p99-limit': p99Limit }
  for (const [flag, value] of Object.entries(real)) {
    t.assert.equal(told.get(`\`--${flag}\``), `\`${value}\``, flag)
  }
})
