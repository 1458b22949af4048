import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { CallsInFlight } from './calls-in-flight.ts'
import { cpuWork } from './work.ts'

test('tickets are told apart, used again, and taken back once', (t: TestContext) => {
  const calls = new CallsInFlight()
  const a = calls.add(cpuWork(1), 0, 0)
  const b = calls.add(cpuWork(2), 0, 0)
  t.assert.notEqual(a, b)
  calls.remove(a)
  t.assert.throws(() => calls.remove(a), RangeError)
  t.assert.throws(() => calls.remove(1_000_000), RangeError)
  t.assert.equal(calls.add(cpuWork(3), 0, 0), a)
  t.assert.equal(calls.cpuMs[b], 2)
})

test('what is given back is what was taken, in whatever order calls end', (t: TestContext) => {
  const cost = fc.double({ min: 0.01, max: 1e4, noNaN: true })
  const step = fc.record({ isEnd: fc.boolean(), pick: fc.nat(1_000), cpuMs: cost, diskMs: cost })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const calls = new CallsInFlight()
      const open = new Map<number, number>()
      for (const { isEnd, pick, cpuMs, diskMs } of steps) {
        calls.servedMs += pick / 100
        const [ticket] = [...open.keys()].slice(pick % (open.size || 1))
        if (isEnd && ticket !== undefined) {
          t.assert.equal(calls.cpuMs[ticket], open.get(ticket))
          calls.remove(ticket)
          open.delete(ticket)
        } else open.set(calls.add({ ...cpuWork(cpuMs), diskMs }, 0, 0), cpuMs)
        t.assert.equal(calls.count, open.size)
        for (const [ticket, costMs] of open) {
          const leftMs = calls.leftMs(ticket)
          t.assert.ok(leftMs <= costMs * (1 + 1e-9) && leftMs >= 0.05 * costMs)
        }
      }
      for (const ticket of open.keys()) calls.remove(ticket)
      t.assert.deepEqual(
        [calls.count, calls.servedMs, calls.cpuShares, calls.cpuOccupied, calls.diskOccupied],
        [0, 0, 0, 0, 0],
      )
    }),
  )
})
