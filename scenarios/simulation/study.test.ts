import { type TestContext, test } from 'node:test'
import { parseStrategy } from '../../proxy/index.ts'
import { runStudy } from './study.ts'
import { type Cell, cellsOf, ratioOf, type StudyMeasure } from './study-summary.ts'
import { named } from './test/named-cluster.ts'

const span = { warmupMs: 20_000, measuredMs: 25_000 }
const seeds = [1, 2]

const wlc = 'weighted-least-connection'
const lc = 'least-connection'

/** Most that `state-space` may be of a rival: what the policy study and the real profiles ask of it. */
const asked: readonly (readonly [
  cluster: string,
  rival: string,
  measure: StudyMeasure,
  most: number,
])[] = [
  ['B1', lc, 'p99', 1.03],
  ['B2', lc, 'p99', 0.75],
  ['B2', lc, 'light p99', 0.65],
  ['B2', wlc, 'p99', 0.97],
  ['B2', 'power-of-two', 'p99', 0.6],
  ['B3', lc, 'p99', 0.7],
  ['B3', wlc, 'p99', 0.92],
  ['B4', lc, 'p99', 0.7],
  ['B4-85', lc, 'p99', 0.25],
  ['B5', lc, 'slowdown p99', 0.2],
  ['B5', wlc, 'slowdown p99', 1],
  ['B7-dead', wlc, 'p99', 1.05],
  ['B7-frozen', wlc, 'p99', 1.05],
  ['B7-lying', wlc, 'p99', 1.05],
  ['B7-loss', wlc, 'p99', 1.05],
  ['B8', lc, 'p99', 1],
  ['equal', wlc, 'mean', 1.02],
  ['hetero', wlc, 'mean', 0.85],
  ['neighbour', wlc, 'mean', 0.87],
  ['both', wlc, 'mean', 0.92],
  ['disk', wlc, 'mean', 0.75],
]

for (const [name, targets] of Map.groupBy(asked, ([cluster]) => cluster)) {
  const said = targets.map(([, rival, measure, most]) => `${measure} ${most} × ${rival}`)
  test(`${name}: state-space has at most ${said.join(', ')}`, async (t: TestContext) => {
    const rivals = new Set(targets.map(([, rival]) => rival))
    const cells = await simulated(name, ['state-space', ...rivals])
    for (const [, rival, measure, most] of targets) {
      const ratio = ratioOf(cellOf(cells, 'state-space'), cellOf(cells, rival), measure)
      t.assert.ok(ratio !== null && ratio.value <= most, `${measure}: ${ratio?.value} × ${rival}`)
    }
  })
}

test('B6: reports each 5 s do as well as each 0.1 s, within a tenth, and the rule of the last report does not', async (t: TestContext) => {
  const meanOf = (cells: readonly Cell[], strategy: string) => {
    const means = cellOf(cells, strategy).trials.map(({ figures }) => figures.all.mean)
    return means.reduce((sum, ms) => sum + ms, 0) / means.length
  }
  const often = await simulated('B6-100ms', ['state-space'])
  const rarely = await simulated('B6-5000ms', ['state-space', 'nearest-origin'])
  const best = meanOf(often, 'state-space')
  t.assert.ok(meanOf(rarely, 'state-space') <= 1.1 * best)
  t.assert.ok(meanOf(rarely, 'nearest-origin') >= 10 * best)
})

async function simulated(name: string, strategies: readonly string[]): Promise<readonly Cell[]> {
  const choices = strategies.map((text) => parseStrategy(text))
  const plan = { clusters: [named(name)], choices, seeds, span }
  return cellsOf(await runStudy(plan, () => {}, new AbortController().signal))
}

function cellOf(cells: readonly Cell[], strategy: string): Cell {
  const cell = cells.find((one) => one.strategy === strategy)
  if (cell === undefined) throw new Error(`${strategy} took no part`)
  return cell
}
