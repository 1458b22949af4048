import { type TestContext, test } from 'node:test'
import { containerId, RecordedMachine } from '../test/recorded-machine.ts'
import { CfsPhases } from './cfs-phase.ts'

const stat = `cgroup/cpu/docker/${containerId}/cpu.stat`
const quota = `cgroup/cpu/docker/${containerId}/cpu.cfs_quota_us`

test('a period begins when the count of periods moves', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  const looking = machine.phases.look()
  machine.write(stat, 'nr_periods 8208\n')
  machine.clock.now = 1002
  await looking
  t.assert.equal(source.periodStartMs, 1001)
  t.assert.equal(source.sample().periodStartMs, 1001)
})

test('a look that came too late tells nothing', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  const looking = machine.phases.look()
  machine.write(stat, 'nr_periods 8208\n')
  machine.clock.now = 1010
  await looking
  t.assert.equal(source.periodStartMs, undefined)
})

test('a group that begins no period is given up after one and some', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  let nowMs = 0
  const clock = { nowMs: () => (nowMs += 10), wallMs: () => nowMs }
  const phases = new CfsPhases(clock)
  phases.follow(source)
  await phases.look()
  phases.close()
  t.assert.ok(nowMs >= 130)
  t.assert.equal(source.periodStartMs, undefined)
})

test('a process without a quota has no periods to look for', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.write(quota, '-1\n')
  const source = machine.source(22_827)
  source.sample()
  await machine.phases.look()
  t.assert.equal(source.periodStartMs, undefined)
})

test('a start is forgotten when the period gets another length', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  source.periodStartMs = 1000
  t.assert.equal(source.sample().periodStartMs, 1000)
  machine.write(`cgroup/cpu/docker/${containerId}/cpu.cfs_period_us`, '50000\n')
  t.assert.equal(source.sample().periodStartMs, undefined)
})

test('a group that idled since the last look is not waited for', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  let nowMs = 0
  const clock = { nowMs: () => (nowMs += 10), wallMs: () => nowMs }
  const phases = new CfsPhases(clock)
  phases.follow(source)
  await phases.look()
  const afterFirst = nowMs
  await phases.look()
  t.assert.ok(nowMs - afterFirst < 100)
  machine.write(stat, 'nr_periods 9000\n')
  const before = nowMs
  await phases.look()
  phases.close()
  t.assert.ok(nowMs - before >= 130)
})

test('a start that is known is not looked for again within a minute', async (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(22_827)
  source.sample()
  source.periodStartMs = machine.clock.now
  const looking = machine.phases.look()
  machine.write(stat, 'nr_periods 8208\n')
  machine.clock.now += 2
  await looking
  t.assert.equal(source.periodStartMs, machine.clock.now - 2)
})

for (const [what, byMs] of [
  ['back', -3_600_042],
  ['forward', 7_042],
] as const) {
  test(`a wall clock that is set ${what} takes the starts with it`, async (t: TestContext) => {
    using machine = new RecordedMachine('v1-hybrid')
    const source = machine.source(22_827)
    source.sample()
    let nowMs = 0
    let setMs = 1_000_000
    const phases = new CfsPhases({ nowMs: () => nowMs, wallMs: () => setMs + nowMs })
    phases.follow(source)
    source.periodStartMs = setMs
    phases.refresh()
    setMs += byMs
    nowMs = 250
    phases.refresh()
    t.assert.equal(source.periodStartMs, 1_000_000 + byMs)
    // One that is found after the clock was set, but before anybody looked at it, stands as it is.
    source.periodStartMs = undefined
    const looking = phases.look()
    machine.write(stat, 'nr_periods 8208\n')
    setMs += byMs
    nowMs = 252
    await looking
    phases.refresh()
    phases.close()
    t.assert.equal(source.periodStartMs, setMs + 251)
  })
}
