import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { InFlight } from '../balance/in-flight.ts'
import { seededRng } from '../rng.ts'
import { cpuWork } from '../state/work.ts'
import { Lanes } from './lanes.ts'

test('when all calls have ended no lane has a call or any work left, to the last digit', (t: TestContext) => {
  const event = fc.record({
    node: fc.nat(2),
    costMs: fc.double({ min: 0.01, max: 500, noNaN: true }),
    ends: fc.boolean(),
    pick: fc.nat(50),
  })
  const run = (
    events: readonly { node: number; costMs: number; ends: boolean; pick: number }[],
  ) => {
    const nodes = [0, 1, 2].map(() => ({ meter: new InFlight(), inFlight: 0, capacityCores: 1 }))
    const lanes = new Lanes({ room: 1, slack: 1 }, seededRng(1))
    const open: (() => void)[] = []
    for (const { node: index, costMs, ends, pick } of events) {
      const node = nodes[index]
      if (node === undefined) continue
      const takenMs = lanes.sent(node, cpuWork(costMs))
      t.assert.equal(takenMs, costMs > 2 ? costMs : 0)
      open.push(() => lanes.ended(node, takenMs))
      if (ends) open.splice(pick % open.length, 1)[0]?.()
      t.assert.ok(lanes.heavy(node).calls >= 0 && lanes.heavy(node).workMs >= 0)
    }
    for (const end of open) end()
    for (const node of nodes) {
      const { calls, workMs } = lanes.heavy(node)
      t.assert.deepEqual([calls, workMs], [0, 0])
    }
  }
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), run), { numRuns: 200 })
})
