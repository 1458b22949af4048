import { type TestContext, test } from 'node:test'
import { normal, type Random, randomStream } from '../load/random.ts'
import { Latencies } from '../measure/latencies.ts'
import { difference } from '../measure/statistics.ts'
import { type Results, readResults, type Trial } from './results.ts'
import { allCalls, summarize } from './summary.ts'
import { trialOf } from './test/results-of.ts'

const template = await readResults(new URL('./golden/results.json', import.meta.url).pathname)
const repeats = 5
const calls = 400

for (const measure of ['mean', 'p99'] as const) {
  test(`a strategy compared with itself: ${measure} is called different in at most 2 of 20 runs`, (t: TestContext) => {
    let called = 0
    for (let seed = 1; seed <= 20; seed += 1) {
      const [cell] = summarize(run(seed, 1)).cells
      const ratio = cell?.contenders[1]?.classes.get(allCalls)?.ratios[measure]
      if (ratio == null) throw new Error('no ratio')
      if (difference(ratio) !== 'none') called += 1
    }
    t.assert.ok(called <= 2, `${called} of 20`)
  })
}

test('one that is a quarter slower is told apart in nearly every run', (t: TestContext) => {
  let called = 0
  for (let seed = 1; seed <= 20; seed += 1) {
    const [cell] = summarize(run(seed, 1.25)).cells
    const ratio = cell?.contenders[1]?.classes.get(allCalls)?.ratios.mean
    if (ratio != null && difference(ratio) === 'higher') called += 1
  }
  t.assert.ok(called >= 18, `${called} of 20`)
})

/** A run of two contenders: what a repeat does to both, and what each call takes, drawn from the seed. */
function run(seed: number, factor: number): Results {
  const random = randomStream(seed, 'same')
  const [cell] = template.cells
  if (cell === undefined) throw new Error('no cell')
  const trials = Array.from({ length: repeats }, (_, repeat) => {
    // The machine is faster at one time than at another, for both.
    const speed = Math.exp(0.3 * normal(random))
    return [trial('one', repeat, speed, random), trial('other', repeat, factor * speed, random)]
  }).flat()
  const parameters = {
    ...template.parameters,
    contenders: ['one', 'other'],
    baseline: 'one',
    repeats,
  }
  return { ...template, parameters: { ...parameters, seed }, cells: [cell], trials }
}

function trial(contender: string, repeat: number, scale: number, random: Random): Trial {
  const latencies = Latencies.empty()
  for (let i = 0; i < calls; i += 1) latencies.record(10 * scale * Math.exp(0.8 * normal(random)))
  return trialOf(contender, repeat, latencies)
}
