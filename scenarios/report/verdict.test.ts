import { type TestContext, test } from 'node:test'
import { Latencies } from '../measure/latencies.ts'
import { caveats } from './caveats.ts'
import { parseResults, type Results, readResults, type Trial } from './results.ts'
import { allCalls, type Summary, summarize } from './summary.ts'
import { headline, verdicts } from './verdict.ts'

/** For each contender the latency of all its calls in each repeat, milliseconds. */
type Levels = { readonly [contender: string]: readonly number[] }

const template = await readResults(new URL('./golden/results.json', import.meta.url).pathname)

test('a rival whose whole interval lies below 1 is shown to be lower', (t: TestContext) => {
  const summary = summarized({ base: [10, 20, 15, 12], rival: [5, 10.1, 7.4, 6.1] })
  t.assert.match(headline(summary), /^rival has the lowest p99: 0\.50 × that of base \(95 %/)
  t.assert.match(verdicts(summary)[0] ?? '', /^rival: p99 0\.50 × base .* shown to be lower/)
})

test('an interval that holds 1 shows no difference, however low the figure', (t: TestContext) => {
  const summary = summarized({ base: [10, 10, 10], rival: [9, 4, 12] })
  t.assert.match(headline(summary), /^No contender is shown to beat base/)
  t.assert.match(verdicts(summary)[0] ?? '', /no difference shown/)
})

test('two repeats show nothing, and says so', (t: TestContext) => {
  const summary = summarized({ base: [10, 11], rival: [1, 1.2] })
  t.assert.match(headline(summary), /in so few repeats that cannot be told from chance/)
  t.assert.match(verdicts(summary)[0] ?? '', /too few repeats for an interval/)
  t.assert.ok(caveats(summary).some((line) => line.includes('have no intervals')))
})

test('a baseline that nobody beats is named, and who is slower', (t: TestContext) => {
  const summary = summarized({ base: [10, 10, 10], even: [10, 11, 10.4], slow: [30, 31, 29] })
  t.assert.equal(
    headline(summary),
    'base, the baseline, has the lowest p99. Shown to be higher: slow. No difference shown: even.',
  )
})

test('whoever fails calls can be shown to be slower, never to be faster', (t: TestContext) => {
  const failing = { rival: 0.9 }
  const fast = summarized({ base: [10, 10, 10], rival: [1, 1.1, 1] }, failing)
  t.assert.doesNotMatch(headline(fast), /^rival/)
  t.assert.match(verdicts(fast)[0] ?? '', /\(0\.09–0\.12\), not compared.*It answered 90\.1 %/)
  const slow = summarized({ base: [10, 10, 10], rival: [30, 31, 29] }, failing)
  t.assert.match(verdicts(slow)[0] ?? '', /shown to be higher/)
})

test('a baseline that fails calls is no basis for comparing', (t: TestContext) => {
  const summary = summarized({ base: [10, 10, 10], rival: [5, 5.1, 5] }, { base: 0.5 })
  t.assert.match(headline(summary), /^base answered only 50\.0 %/)
  t.assert.match(verdicts(summary)[0] ?? '', /shown to be lower/)
})

test('a single contender is compared with nobody', (t: TestContext) => {
  const summary = summarized({ base: [10, 11] })
  t.assert.match(headline(summary), /There is no other to compare it with/)
  t.assert.deepEqual(verdicts(summary), [])
})

test('an interrupted run is compared by the repeats that both have', (t: TestContext) => {
  const { contenders } = summarized({ base: [10, 40], rival: [5] })
  const ratio = contenders[1]?.classes.get(allCalls)?.ratios.p99
  t.assert.ok(Math.abs((ratio?.value ?? 0) - 0.5) < 0.002)
})

test('a generator that was late, and other programs at work, are told', (t: TestContext) => {
  const results = resultsOf({ base: [10, 10, 10] })
  const lateness = { p50Ms: 0.2, p99Ms: 3.1, maxMs: 9 }
  const disturbed = results.trials.map((trial) => ({ ...trial, lateness, foreignCpuCores: 0.8 }))
  const told = caveats(summarize({ ...results, trials: disturbed })).join('\n')
  t.assert.match(told, /late in 3 of 3 trials: p99 above 2 ms, worst 3\.10 ms/)
  t.assert.match(told, /Other programs used more than 0\.25 cores in 3 of 3 trials, up to 0\.80/)
})

function summarized(levels: Levels, success: { readonly [name: string]: number } = {}): Summary {
  return summarize(resultsOf(levels, success))
}

function resultsOf(levels: Levels, success: { readonly [name: string]: number } = {}): Results {
  const names = Object.keys(levels)
  const repeats = Math.max(...Object.values(levels).map((values) => values.length))
  return parseResults({
    ...template,
    parameters: { ...template.parameters, contenders: names, baseline: names[0], repeats },
    trials: names.flatMap((name) =>
      (levels[name] ?? []).map((ms, repeat) => trial(name, repeat, ms, success[name] ?? 1)),
    ),
  })
}

function trial(contender: string, repeat: number, ms: number, success: number): Trial {
  const latencies = Latencies.empty()
  for (let i = 0; i < 100; i += 1) latencies.record(ms)
  const light = {
    sent: Math.round(100 / success),
    succeeded: 100,
    inWindow: 100,
    failures: success < 1 ? { timeout: Math.round(100 / success) - 100 } : {},
    meanMs: ms,
    histogram: latencies.encoded(),
  }
  const [like] = template.trials
  if (like === undefined) throw new Error('the template has no trial')
  return { ...like, contender, repeat, classes: { light } }
}
