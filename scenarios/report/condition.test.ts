import { type TestContext, test } from 'node:test'
import { FlagReader, UsageError } from '../flags.ts'
import { evaluate, readCondition } from './condition.ts'
import { readResults } from './results.ts'
import { figureOf, summarize } from './summary.ts'

const { results, cells } = summarize(
  await readResults(new URL('./golden/results.json', import.meta.url).pathname),
)
const [cell] = cells
const contenders = results.parameters.contenders.map((name) => ({ name, url: null }))
const p99 = (name: string) => (cell === undefined ? 0 : (figureOf(cell, 'p99', name, null) ?? 0))

test('both sides are worked out as arithmetic has it', (t: TestContext) => {
  const sides = (text: string) => {
    const { left, right, holds } = told(text)
    return [left, right, holds]
  }
  t.assert.deepEqual(sides('1 + 2 * 3 > 6'), [7, 6, true])
  t.assert.deepEqual(sides('(1 + 2) * 3 <= 8 / 2'), [9, 4, false])
  t.assert.deepEqual(sides('2 - 1 - 1 >= 0'), [0, 0, true])
  t.assert.deepEqual(sides('1.5 < 1.5'), [1.5, 1.5, false])
})

test('figures are those of the report', (t: TestContext) => {
  const [one, other] = ['state-space', 'least-connection'] as const
  const { left, right, holds } = told(`p99(${one}) > 1.05 * p99( ${other} )`)
  t.assert.deepEqual([left, right], [p99(one), 1.05 * p99(other)])
  t.assert.equal(holds, p99(one) > 1.05 * p99(other))
  t.assert.ok((told(`p99.9(${one}) > 0`).left ?? 0) >= p99(one))
  t.assert.notEqual(told(`p99(${one}, light) > 0`).left, p99(one))
  t.assert.ok((told(`success(${one}) < 1`).left ?? 0) > 0)
})

test('a figure that is not known makes no condition hold', (t: TestContext) => {
  t.assert.equal(told('p99(state-space, no-such-class) > 0').holds, null)
})

for (const [what, text, reason] of [
  ['nothing', '', /ends too early/],
  ['no comparison', 'p99(state-space)', /want one comparison/],
  ['two of them', '1 < 2 < 3', /more after its end/],
  ['a measure that is none', 'p98(state-space) > 1', /no measure p98; there is min, mean/],
  ['somebody who takes no part', 'p99(nobody) > 1', /nobody takes no part/],
  ['an open parenthesis', '(1 + 2 > 3', /parenthesis is not closed/],
  ['letters', 'a > b', /not understood: a > b/],
  ['an operator without an operand', '1 + > 2', /want a number or measure/],
] as const) {
  test(`a condition of ${what} is refused with the reason`, (t: TestContext) => {
    const read = new FlagReader()
    t.assert.deepEqual(readCondition(text, contenders, read), [])
    t.assert.throws(
      () => read.close(),
      (error) => error instanceof UsageError && reason.test(error.message),
    )
  })
}

function told(text: string) {
  const read = new FlagReader()
  const [condition] = readCondition(text, contenders, read)
  read.close()
  if (condition === undefined || cell === undefined) throw new Error('no condition')
  return evaluate(condition, cell)
}
