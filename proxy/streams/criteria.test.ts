import { type TestContext, test } from 'node:test'
import { matches, parseCriteria } from './criteria.ts'
import type { Log } from './log.ts'

const a = `0x${'aB'.repeat(20)}`
const [one, two] = [`0x${'1'.repeat(64)}`, `0x${'2'.repeat(64)}`]

function wants(criteria: object, log: Partial<Log>, number = 5): boolean {
  const parsed = parseCriteria(JSON.stringify(criteria))
  if (parsed === null) throw new TypeError('not plainly right')
  const bytes = Buffer.alloc(0)
  return matches(
    parsed,
    { bytes, index: '0x0', address: a.toLowerCase(), topics: [], ...log },
    number,
  )
}

test('addresses are compared without regard to case, and none means all', (t: TestContext) => {
  for (const address of [a, a.toLowerCase(), [a, `0x${'0'.repeat(40)}`], [], null]) {
    t.assert.ok(wants({ address }, {}), String(address))
  }
  t.assert.ok(!wants({ address: `0x${'0'.repeat(40)}` }, {}))
})

test('a topic at each place: one of several, any for null and none, and not fewer places', (t: TestContext) => {
  const cases: readonly (readonly [unknown[], string[], boolean])[] = [
    [[one], [one], true],
    [[one], [two], false],
    [[[one, two]], [two], true],
    [[null, two], [one, two], true],
    [[null, two], [two, one], false],
    [[[], two], [one, two], true],
    [[[one, null]], [two], true],
    [[null], [], false],
    [[null, null], [one], false],
    [[], [], true],
    [[one], [one, two], true],
  ]
  for (const [topics, has, is] of cases) {
    t.assert.equal(wants({ topics }, { topics: has }), is, JSON.stringify([topics, has]))
  }
})

test('heights bound what is wanted; tags do not', (t: TestContext) => {
  t.assert.ok(wants({ fromBlock: '0x5', toBlock: '0x5' }, {}))
  t.assert.ok(!wants({ fromBlock: '0x6' }, {}))
  t.assert.ok(!wants({ fromBlock: '0x1', toBlock: '0x4' }, {}))
  t.assert.ok(wants({ fromBlock: 'earliest', toBlock: 'latest' }, {}))
  t.assert.ok(wants({ blockHash: one }, {}))
})

test('keys count in any case, the last of equal ones, and unknown ones not at all', (t: TestContext) => {
  t.assert.ok(!wants({ FROMBLOCK: '0x6' }, {}))
  t.assert.ok(wants({ fromBlock: '0x6', FromBlock: '0x1', other: 1 }, {}))
})

test('what is not plainly right is left to a node', (t: TestContext) => {
  for (const criteria of [
    { fromBlock: 'safe' },
    { toBlock: 'pending' },
    { toBlock: '0x5' },
    { fromBlock: '0x05' },
    { fromBlock: 5 },
    { fromBlock: '0x5', toBlock: '0x4' },
    { blockHash: one, fromBlock: '0x1' },
    { blockHash: '0x1' },
    { address: '0x1' },
    { address: [1] },
    { topics: one },
    { topics: ['0x1'] },
    { topics: [[one, 1]] },
    { topics: [one, one, one, one, one] },
  ]) {
    t.assert.equal(parseCriteria(JSON.stringify(criteria)), null, JSON.stringify(criteria))
  }
  for (const text of ['null', '[]', '"x"', '1']) t.assert.equal(parseCriteria(text), null, text)
})
