import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { ContractStats, type FunctionCalls } from './contract-stats.ts'

const contract = `0x${'ab'.repeat(20)}`
const transfer = `${contract}a9059cbb`

test('calls, errors, transactions and times of a function add up', (t: TestContext) => {
  const stats = new ContractStats()
  stats.record(transfer, false, false, 4, 100)
  stats.record(transfer, false, true, 10, 200)
  stats.record(transfer, true, false, 1, 300)
  stats.record(transfer, false, false, 5, 400, 3)
  const [row] = stats.functions()
  t.assert.deepEqual(
    { ...row },
    {
      contract,
      selector: '0xa9059cbb',
      calls: 6,
      transactions: 1,
      errors: 1,
      reverted: 0,
      gasUsed: 0,
      gasKnown: 0,
      sumMs: 30,
      minMs: 1,
      maxMs: 10,
      lastMs: 400,
    },
  )
})

test('an address counts once, however its letters are written', (t: TestContext) => {
  const stats = new ContractStats()
  for (const callee of [transfer, transfer.toUpperCase().replace('0X', '0x')]) {
    stats.record(callee, false, false, 1, 1)
  }
  t.assert.deepEqual(
    Array.from(stats.functions(), ({ calls }) => calls),
    [2],
  )
})

test('what can be no contract and function is not counted', (t: TestContext) => {
  const stats = new ContractStats()
  for (const callee of ['', contract, `${contract}"},"lat`, `${contract}zz059cbb`]) {
    stats.record(callee, false, false, 1, 1)
  }
  t.assert.equal([...stats.functions()].length + stats.other.calls, 0)
})

test('gas and failures in blocks go to the function, or to the rest when it is forgotten', (t: TestContext) => {
  const stats = new ContractStats(1)
  stats.record(transfer, true, false, 1, 1)
  stats.mined(transfer, 51_000, false)
  stats.mined(transfer, 30_000, true)
  const [row] = stats.functions()
  t.assert.deepEqual([row?.gasUsed, row?.gasKnown, row?.reverted], [81_000, 2, 1])
  stats.record(`${contract}constructor`, true, false, 1, 2)
  stats.mined(transfer, 9_000, false)
  t.assert.deepEqual([stats.other.gasUsed, stats.other.gasKnown, stats.forgotten], [90_000, 3, 1])
})

test('no more functions are kept than were allowed, the last called among them, and no call is lost', (t: TestContext) => {
  const callees = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(callees, fc.integer({ min: 1, max: 12 }), (called, limit) => {
      const stats = new ContractStats(limit)
      called.forEach((n, at) => {
        const callee = at % 2 === 0 ? calleeOf(n) : calleeOf(n).toUpperCase().replace('0X', '0x')
        stats.record(callee, false, n % 3 === 0, n, at)
      })
      const rows = [...stats.functions()]
      t.assert.ok(rows.length <= limit)
      t.assert.equal(sum(rows, stats.other, 'calls'), called.length)
      t.assert.equal(sum(rows, stats.other, 'errors'), called.filter((n) => n % 3 === 0).length)
      const latest = new Set<string>()
      for (const n of called.toReversed()) if (latest.size < limit) latest.add(calleeOf(n))
      t.assert.deepEqual(new Set(rows.map((row) => row.contract + row.selector.slice(2))), latest)
    }),
  )
})

function calleeOf(n: number): string {
  return contract + n.toString(16).padStart(8, '0')
}

function sum(rows: readonly FunctionCalls[], other: FunctionCalls, of: 'calls' | 'errors'): number {
  return rows.reduce((total, row) => total + row[of], other[of])
}
