import { type TestContext, test } from 'node:test'
import { lineOf } from './status-line.ts'

const node = {
  id: 'anvil-1',
  health: 'up',
  calls: 100,
  inFlight: 2,
  latencyMs: { p50: 1.24, p99: 8.5 },
  reported: { cpu: 0.304 },
}
const before = { head: 11, calls: 100, nodes: [node, { ...node, id: 'anvil-2', calls: 0 }] }

test('the line tells the block, the rate, and of each node its share, CPU and p50/p99', (t: TestContext) => {
  const nodes = [
    { ...node, calls: 130 },
    { ...node, id: 'anvil-2', calls: 10, latencyMs: null, reported: null },
  ]
  t.assert.equal(
    lineOf({ head: 12, calls: 180, nodes }, before, 2),
    'block 12 · 40 calls/s · anvil-1 75 % cpu 30 % 1.2/8.5 ms · anvil-2 25 %',
  )
})

test('a node that takes no calls is told with what it is instead', (t: TestContext) => {
  const nodes = [node, { ...node, id: 'anvil-2', calls: 0, health: 'down' }]
  t.assert.match(lineOf({ ...before, nodes }, before, 1), /anvil-1 – .* · anvil-2 down$/)
})
