import { type TestContext, test } from 'node:test'
import { PeriodPhase } from './period-phase.ts'
import { wallAtZeroMs } from './test/quota-report.ts'

test('a start that the agent tells is brought to our clock by the fastest line', (t: TestContext) => {
  const phase = new PeriodPhase()
  const delaysMs = [9, 4, 0.5, 12, 30]
  delaysMs.forEach((delayMs, i) => {
    const sentMs = 1_000 + 250 * i
    phase.told(wallAtZeroMs + 630, wallAtZeroMs + sentMs, sentMs + delayMs)
  })
  t.assert.equal(phase.source, 'agent')
  // Half a millisecond late, as the fastest line was.
  t.assert.ok(Math.abs(phase.untilNextMs(2_000) - 30.5) < 0.01, String(phase.untilNextMs(2_000)))
})

test('clocks of agent and proxy may be hours apart', (t: TestContext) => {
  const phase = new PeriodPhase()
  phase.told(5 * 3_600_000 + 10, 5 * 3_600_000 + 50, 50)
  t.assert.equal(phase.untilNextMs(50), 60)
})

test('an agent whose word the stalled calls contradict is not believed', (t: TestContext) => {
  const phase = new PeriodPhase()
  phase.told(wallAtZeroMs, wallAtZeroMs, 0)
  for (let i = 1; i <= 40; i++) phase.stalled(100 * i + 60)
  t.assert.equal(phase.source, 'stalls')
  t.assert.ok(Math.abs(phase.untilNextMs(10_000) - 60) < 3, String(phase.untilNextMs(10_000)))
})

test('an agent that is right stays believed, whatever a few calls show', (t: TestContext) => {
  const phase = new PeriodPhase()
  phase.told(wallAtZeroMs, wallAtZeroMs, 0)
  for (let i = 1; i <= 200; i++) phase.stalled(100 * i + (i % 2 === 0 ? 47 : 1))
  t.assert.equal(phase.source, 'agent')
})

test('without an agent, stalled calls find the start: they end just after it', (t: TestContext) => {
  const phase = new PeriodPhase()
  t.assert.equal(phase.source, 'none')
  for (let i = 1; i <= 60; i++) phase.stalled(100 * i + 30 + ((7 * i) % 11))
  t.assert.equal(phase.source, 'stalls')
  const until = phase.untilNextMs(10_000)
  t.assert.ok(until > 28 && until < 36, String(until))
})

test('the next start is always ahead, by a period at most', (t: TestContext) => {
  const phase = new PeriodPhase()
  phase.told(wallAtZeroMs + 33, wallAtZeroMs, 0)
  for (let ms = 0; ms < 1_000; ms += 0.7) {
    const until = phase.untilNextMs(ms)
    t.assert.ok(until > 0 && until <= 100)
  }
})
