import { type TestContext, test } from 'node:test'
import { LogRing } from './log-ring.ts'

test('a log is read on from where it was read to', (t: TestContext) => {
  const log = new LogRing()
  for (const line of ['a', 'b', 'c']) log.push(line)
  t.assert.deepEqual(log.last(2), { lines: ['b', 'c'], next: 3 })
  t.assert.deepEqual(log.last(9), { lines: ['a', 'b', 'c'], next: 3 })
  t.assert.deepEqual(log.since(3), { lines: [], next: 3 })
  log.push('d')
  t.assert.deepEqual(log.since(3), { lines: ['d'], next: 4 })
})

test('a log keeps its last 500 lines, each cut at 400 characters', (t: TestContext) => {
  const log = new LogRing()
  for (let i = 0; i < 1_000; i += 1) log.push(`${i} ${'x'.repeat(1_000)}`)
  const { lines, next } = log.since(0)
  t.assert.equal(next, 1_000)
  t.assert.equal(lines.length, 500)
  t.assert.ok(lines[0]?.startsWith('500 '))
  t.assert.ok(lines.every((line) => line.length === 400))
})
