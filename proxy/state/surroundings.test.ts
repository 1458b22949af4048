import { type TestContext, test } from 'node:test'
import { Costs } from './costs.ts'
import type { NodeObserver } from './node-observer.ts'
import { observer } from './test/observed-node.ts'
import { quotaReportOf, wallAtZeroMs } from './test/quota-report.ts'
import { cpuWork } from './work.ts'

/** For 250 ms: calls that are said to take 50 ms, and a report by which `cores` were used. */
function load(node: NodeObserver, ms: number, cores: number): void {
  for (let i = 0; i < 10; i++) node.settle(node.dispatch(cpuWork(5), ms), false, ms + 5)
  node.report(quotaReportOf(ms + 250, (cores * ms) / 1000), ms + 250, wallAtZeroMs + ms + 250)
}

test('an agent that sees nothing of our own work is not believed, until it does', (t: TestContext) => {
  const node = observer()
  for (let ms = 0; ms < 1_500; ms += 250) load(node, ms, 0)
  t.assert.equal(node.rung, 'weighted')
  for (let ms = 1_500; ms < 2_500; ms += 250) load(node, ms, 0.2)
  t.assert.equal(node.rung, 'quota')
})

test('... or until there is little to see', (t: TestContext) => {
  const node = observer()
  for (let ms = 0; ms < 1_500; ms += 250) load(node, ms, 0)
  t.assert.equal(node.rung, 'weighted')
  for (let ms = 1_500; ms <= 10_000; ms += 250) {
    node.report(quotaReportOf(ms + 250, 0), ms + 250, wallAtZeroMs + ms + 250)
  }
  t.assert.equal(node.rung, 'quota')
})

test('where all calls are lighter than they seem agents are believed, but not the one that sees none', (t: TestContext) => {
  const costs = new Costs()
  const [one, other, liar] = [observer(null, costs), observer(null, costs), observer(null, costs)]
  for (let ms = 0; ms < 40_000; ms += 250) {
    load(one, ms, 0.01)
    load(other, ms, 0.01)
    load(liar, ms, 0)
  }
  t.assert.deepEqual([one.rung, other.rung, liar.rung], ['quota', 'quota', 'weighted'])
})
