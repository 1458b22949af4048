import { type TestContext, test } from 'node:test'
import { Agenda } from './agenda.ts'
import { Host, type Tenant } from './host.ts'
import { Passage, Program } from './program.ts'

const machine = { cores: 2, sliceMs: 4, keptMs: 1 }

/** Threads that want a core all the time, or when told; and how long they had one. */
class Threads implements Tenant {
  runnable: number
  ranMs = 0
  gotAtMs: number | null = null
  #cores = 0
  #nowMs = 0

  constructor(runnable: number) {
    this.runnable = runnable
  }

  beforeChange(nowMs: number): void {
    this.ranMs += this.#cores * (nowMs - this.#nowMs)
    this.#nowMs = nowMs
  }

  afterChange(running: number, nowMs: number): void {
    this.#cores = running
    this.#nowMs = nowMs
    if (running > 0) this.gotAtMs ??= nowMs
  }
}

function hostOf(...tenants: readonly Tenant[]) {
  const agenda = new Agenda()
  const host = new Host(machine, agenda)
  for (const tenant of tenants) host.admit(tenant)
  for (const tenant of tenants) host.balance(tenant)
  const runTo = (endMs: number) => {
    agenda.add(endMs, { happen: () => {} }, 0)
    while (agenda.step(endMs));
    for (const tenant of tenants) tenant.beforeChange(endMs)
  }
  return { agenda, host, runTo }
}

test('while there are cores for all, nobody waits', (t: TestContext) => {
  const [one, other] = [new Threads(1), new Threads(1)]
  hostOf(one, other).runTo(100)
  t.assert.deepEqual([one.ranMs, other.ranMs], [100, 100])
})

test('threads that always want a core get the same, and no core idles', (t: TestContext) => {
  const all = [new Threads(1), new Threads(1), new Threads(1)]
  hostOf(...all).runTo(1200)
  for (const { ranMs } of all) t.assert.ok(Math.abs(ranMs - 800) <= machine.sliceMs, `${ranMs}`)
  t.assert.ok(Math.abs(all.reduce((sum, { ranMs }) => sum + ranMs, 0) - 2400) < 1e-6)
})

test('who has two threads that want a core gets two turns', (t: TestContext) => {
  const [two, one] = [new Threads(2), new Threads(1)]
  hostOf(two, one).runTo(1200)
  t.assert.ok(Math.abs(two.ranMs - 2 * one.ranMs) <= 2 * machine.sliceMs, `${two.ranMs}`)
})

test('who wakes up beside busy threads goes before those that have run', (t: TestContext) => {
  const busy = [new Threads(1), new Threads(1), new Threads(1), new Threads(1)]
  const sleeper = new Threads(0)
  const { host, runTo } = hostOf(...busy, sleeper)
  runTo(50.5)
  sleeper.runnable = 1
  host.balance(sleeper)
  runTo(52)
  t.assert.ok(sleeper.gotAtMs !== null && sleeper.gotAtMs - 50.5 <= machine.keptMs)
})

test('a thread that goes to sleep while it waits is not waited for', (t: TestContext) => {
  const [first, second, third] = [new Threads(1), new Threads(1), new Threads(1)]
  const { host, runTo } = hostOf(first, second, third)
  runTo(3)
  first.runnable = 0
  host.balance(first)
  runTo(100)
  t.assert.deepEqual([first.ranMs, second.ranMs, third.ranMs], [1, 100, 99])
})

test('a program does one thing after the other, and its own work besides', (t: TestContext) => {
  const agenda = new Agenda()
  const host = new Host(machine, agenda)
  const options = { idleCores: 0.1, idleMs: 1, inMs: 2, outMs: 3 }
  const passage = new Passage(options, new Program(options, agenda, host, 0.5))
  const passed: [number, number][] = []
  const after = { happen: (call: number) => passed.push([call, agenda.nowMs]) }
  passage.in(1, after)
  passage.out(2, after)
  // Its own work is due at 5, 15, 25 ms: behind the second call, and before the third.
  agenda.add(15, { happen: () => passage.in(3, after) }, 0)
  while (agenda.step(30));
  t.assert.deepEqual(passed, [
    [1, 2],
    [2, 5],
    [3, 18],
  ])
})

test('a program that waits for a core is late by what it waits', (t: TestContext) => {
  const busy = [new Threads(1), new Threads(1)]
  const { agenda, host, runTo } = hostOf(...busy)
  const options = { idleCores: 0, idleMs: 1, inMs: 2, outMs: 2 }
  const passage = new Passage(options, new Program(options, agenda, host, 0))
  let passedMs = 0
  agenda.add(0.5, { happen: () => passage.in(1, { happen: () => (passedMs = agenda.nowMs) }) }, 0)
  runTo(10)
  // It gets a core when the busy ones have had theirs for 1 ms.
  t.assert.ok(Math.abs(passedMs - 3) < 1e-5, `${passedMs}`)
})

test('where there is no host, a call passes at once', (t: TestContext) => {
  let passed = 0
  new Passage(null, null).in(7, { happen: (call) => (passed = call) })
  t.assert.equal(passed, 7)
})
