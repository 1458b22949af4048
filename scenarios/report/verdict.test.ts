import { type TestContext, test } from 'node:test'
import { caveats } from './caveats.ts'
import type { Results } from './results.ts'
import { allCalls, type CellSummary, type Summary, summarize } from './summary.ts'
import { type Levels, resultsOf } from './test/results-of.ts'
import { headline, verdicts } from './verdict.ts'

test('a rival whose whole interval lies below 1 is shown to be lower', (t: TestContext) => {
  const summary = summarized({ base: [10, 20, 15, 12], rival: [5, 10.1, 7.4, 6.1] })
  t.assert.match(headline(summary), /^rival has the lowest p99: 0\.50 × that of base \(95 %/)
  t.assert.match(
    verdicts(cellOf(summary))[0] ?? '',
    /^rival: p99 0\.50 × base .* shown to be lower/,
  )
})

test('an interval that holds 1 shows no difference, however low the figure', (t: TestContext) => {
  const summary = summarized({ base: [10, 10, 10], rival: [9, 4, 12] })
  t.assert.match(headline(summary), /^No contender is shown to beat base/)
  t.assert.match(verdicts(cellOf(summary))[0] ?? '', /no difference shown/)
})

test('two repeats show nothing, and says so', (t: TestContext) => {
  const summary = summarized({ base: [10, 11], rival: [1, 1.2] })
  t.assert.match(headline(summary), /in so few repeats that cannot be told from chance/)
  t.assert.match(verdicts(cellOf(summary))[0] ?? '', /too few repeats for an interval/)
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
  t.assert.match(
    verdicts(cellOf(fast))[0] ?? '',
    /\(0\.09–0\.12\), not compared.*It answered 90\.1 %/,
  )
  const slow = summarized({ base: [10, 10, 10], rival: [30, 31, 29] }, failing)
  t.assert.match(verdicts(cellOf(slow))[0] ?? '', /shown to be higher/)
})

test('a baseline that fails calls is no basis for comparing', (t: TestContext) => {
  const summary = summarized({ base: [10, 10, 10], rival: [5, 5.1, 5] }, { base: 0.5 })
  t.assert.match(headline(summary), /^base answered only 50\.0 %/)
  t.assert.match(verdicts(cellOf(summary))[0] ?? '', /shown to be lower/)
})

test('a single contender is compared with nobody', (t: TestContext) => {
  const summary = summarized({ base: [10, 11] })
  t.assert.match(headline(summary), /There is no other to compare it with/)
  t.assert.deepEqual(verdicts(cellOf(summary)), [])
})

test('an interrupted run is compared by the repeats that both have', (t: TestContext) => {
  const { contenders } = cellOf(summarized({ base: [10, 40], rival: [5] }))
  const ratio = contenders[1]?.classes.get(allCalls)?.ratios.p99
  t.assert.ok(Math.abs((ratio?.value ?? 0) - 0.5) < 0.002)
})

test('trials that do not count, or count all the same, are told with the reason', (t: TestContext) => {
  const results = resultsOf({ base: [10, 10, 10] })
  const why = '0.80 cores of foreign CPU'
  const counted = results.trials.map((trial) => ({ ...trial, disturbed: why }))
  const told = (trials: Results['trials']) => caveats(summarize({ ...results, trials })).join('\n')
  t.assert.match(told(counted), /3 of 3 trials count although a rule was broken.*0\.80 cores/)
  const dropped = results.trials.map((trial) => ({ ...trial, dropped: why }))
  t.assert.match(told([...results.trials, ...dropped]), /3 of 6 trials do not count: 0\.80 cores/)
})

test('a queue that was still growing at the end is told', (t: TestContext) => {
  const results = resultsOf({ base: [10, 10, 10] })
  const rising = Array.from({ length: 12 }, (_, i) => 10 * (i + 1))
  const series = { stepMs: 500, sent: rising.map(() => 1), meanMs: rising, p95Ms: rising }
  const trials = results.trials.map((trial) => ({ ...trial, series }))
  t.assert.match(caveats(summarize({ ...results, trials })).join(), /still rising .* 3 of 3 trials/)
})

test('over several conditions the verdict counts where each was shown to be lower', (t: TestContext) => {
  const one = resultsOf({ base: [10, 20, 15, 12], rival: [5, 10.1, 7.4, 6.1] })
  const [cell] = one.cells
  if (cell === undefined) throw new Error('no cell')
  const other = resultsOf({ base: [10, 10, 10, 10], rival: [10, 11, 9, 10] }).trials
  const results = {
    ...one,
    cells: [cell, { ...cell, id: 'other' }],
    trials: [...one.trials, ...other.map((trial) => ({ ...trial, cell: 'other' }))],
  }
  t.assert.match(
    headline(summarize(results)),
    /^rival comes out best: p99 0\.7\d × that of base over 2 conditions; shown to be lower in 1, higher in 0, no difference shown in 1/,
  )
})

function cellOf({ cells }: Summary): CellSummary {
  const [cell] = cells
  if (cell === undefined) throw new Error('no cell')
  return cell
}

function summarized(levels: Levels, success: { readonly [name: string]: number } = {}): Summary {
  return summarize(resultsOf(levels, success))
}
