import { type TestContext, test } from 'node:test'
import { CallsInFlight } from './calls-in-flight.ts'
import type { NodeBelief } from './node-belief.ts'
import { PeriodPhase } from './period-phase.ts'
import { Quota } from './quota.ts'
import { cpuWork } from './work.ts'

/** 0.3 cores: 30 ms in each period of 100 ms. The first period begins at 0. */
function node(cores = 0.3) {
  const calls = new CallsInFlight()
  const belief: NodeBelief = {
    cores,
    disks: 4,
    othersCores: 0,
    lostCores: 0,
    othersDisks: 0,
    rttMs: 0,
    draw: 1,
    failedCalls: 0,
    failedMs: 0,
    trust: 1,
  }
  const phase = new PeriodPhase()
  phase.told(1_000_000, 1_000_000, 0)
  const quota = new Quota(calls, belief, phase)
  quota.limit(cores * 100, 100, cores)
  quota.begin(0)
  const dispatch = (cpuMs: number, nowMs: number): number => {
    quota.advance(nowMs)
    return calls.add(cpuWork(cpuMs), 0, nowMs)
  }
  const settle = (ticket: number, nowMs: number): void => {
    quota.advance(nowMs)
    calls.remove(ticket)
    quota.ended()
  }
  /** The part of the forecast that is the call's own: less what it adds to the others' time. */
  const own = (cpuMs: number): number => {
    let delayedMs = 0
    for (let i = 0; i < calls.count; i++) {
      delayedMs += Math.min(cpuMs, calls.leftMs(calls.slots[i] ?? 0))
    }
    const addedMs = (belief.draw * delayedMs) / (belief.cores - belief.othersCores)
    return quota.forecast(cpuWork(cpuMs), 0) - addedMs - (calls.count + 0.3) / belief.cores
  }
  return { calls, belief, phase, quota, dispatch, settle, own }
}

/**
 * Of what a call takes where nothing stalls it and where that does, by the quota that is left over.
 * @param othersMs of each period that others use
 */
function expected(onceMs: number, lateMs: number, spareMs: number, othersMs = 0): number {
  return onceMs + (lateMs - onceMs) / (1 + 2 * Math.exp(spareMs / (4 + 0.3 * othersMs)))
}

function near(t: TestContext, actual: number, wanted: number): void {
  t.assert.ok(Math.abs(actual - wanted) < 1e-9, `${actual}, not ${wanted}`)
}

test('a call that the quota left covers by far takes what it costs', (t: TestContext) => {
  const { own } = node(0.5)
  near(t, own(5), 5)
  near(t, own(14), 14)
})

test('what is left is not known to the millisecond: a call that it just covers may be stalled', (t: TestContext) => {
  const { own } = node()
  near(t, own(20), expected(20, 100, 10))
  near(t, own(30), expected(30, 100, 0))
  const delays = Array.from({ length: 600 }, (_, i) => own(0.1 * (i + 1)))
  for (const [i, delayMs] of delays.entries())
    t.assert.ok(i === 0 || delayMs >= (delays[i - 1] ?? 0))
})

test('a call that the quota left does not cover goes on when the next period begins', (t: TestContext) => {
  const { own } = node()
  // 30 of 40 ms now, stalled to 100, the other 10 then.
  near(t, own(40), expected(40, 110, -10))
  // 30, then two whole periods of 30 ms each, then the other 10.
  near(t, own(100), expected(100, 310, -70))
})

test('a call sent to a node that has used its quota up waits for the next period', (t: TestContext) => {
  const { quota, dispatch, settle, own } = node()
  settle(dispatch(30, 0), 30)
  // It ended, so a little is believed to be left.
  t.assert.equal(quota.leftMs, 3)
  near(t, own(10), expected(10, 70 + 7, -7))
  quota.advance(89)
  near(t, own(20), expected(20, 11 + 17, -17))
  quota.advance(100)
  near(t, own(20), expected(20, 100, 10))
})

test('two calls use the quota twice as fast, on two threads', (t: TestContext) => {
  const { quota, calls, dispatch } = node(1.2)
  const a = dispatch(80, 0)
  const b = dispatch(80, 0)
  quota.advance(10)
  t.assert.equal(quota.leftMs, 100)
  t.assert.equal(calls.leftMs(a), 70)
  t.assert.equal(calls.leftMs(b), 70)
  quota.advance(80)
  t.assert.equal(quota.leftMs, 0)
  t.assert.equal(calls.leftMs(a), 20)
  quota.advance(105)
  t.assert.equal(quota.leftMs, 110)
  t.assert.equal(calls.leftMs(a), 15)
})

test('below one core calls run one after another', (t: TestContext) => {
  const { quota, calls, dispatch } = node()
  const a = dispatch(50, 0)
  dispatch(50, 0)
  quota.advance(10)
  t.assert.equal(quota.leftMs, 20)
  t.assert.equal(calls.leftMs(a), 45)
})

test('four calls on two threads get half a thread each', (t: TestContext) => {
  const { quota, calls, dispatch } = node(1.2)
  const tickets = [1, 2, 3, 4].map(() => dispatch(50, 0))
  quota.advance(10)
  t.assert.equal(quota.leftMs, 100)
  for (const ticket of tickets) t.assert.equal(calls.leftMs(ticket), 45)
})

test('work of others empties the quota while ours stands still', (t: TestContext) => {
  const { quota, belief, own } = node()
  belief.othersCores = 0.2
  quota.advance(50)
  t.assert.equal(quota.leftMs, 20)
  // 20 ms of quota, of which ours gets 1/1.2; 10 ms a period from then on.
  near(t, own(18), expected(18, 50 + 18 - 20 / 1.2, 20 - 18 * 1.2, 20))
  belief.othersCores = 0
  quota.advance(1_000)
  t.assert.equal(quota.leftMs, 30)
})

test('a call behind a heavy one waits for one slice of it, not for all', (t: TestContext) => {
  const { dispatch, own } = node(2)
  dispatch(60, 0)
  dispatch(60, 0)
  // (1 + 3 + 3) ms of work on two threads.
  near(t, own(1), 3.5)
})

test('where a running call uses half a core, the quota lasts twice as long', (t: TestContext) => {
  const { quota, belief, calls, dispatch, own } = node()
  belief.draw = 0.5
  near(t, own(60), expected(60, 100, 0))
  near(t, own(70), expected(70, 110, -5))
  const a = dispatch(100, 0)
  quota.advance(40)
  t.assert.equal(quota.leftMs, 10)
  t.assert.equal(calls.leftMs(a), 60)
  t.assert.equal(quota.ranMs, 40)
})

test('an hour is walked as its periods would be', (t: TestContext) => {
  const whole = node()
  const walked = node()
  const a = whole.dispatch(1e9, 0)
  const b = walked.dispatch(1e9, 0)
  for (let ms = 0; ms <= 100_037; ms += 7) walked.quota.advance(ms)
  walked.quota.advance(100_037)
  whole.quota.advance(100_037)
  t.assert.ok(Math.abs(whole.calls.leftMs(a) - walked.calls.leftMs(b)) < 1e-3)
  t.assert.ok(Math.abs(whole.quota.leftMs - walked.quota.leftMs) < 1e-6)
})

test('without a quota, what counts is the work that is met on the threads', (t: TestContext) => {
  const { quota, dispatch, own } = node(2)
  quota.limit(Number.POSITIVE_INFINITY, 100, 2)
  quota.begin(0)
  near(t, own(1_000), 1_000)
  dispatch(10, 0)
  dispatch(10, 0)
  near(t, own(10), 15)
  t.assert.ok(Number.isFinite(quota.forecast(cpuWork(10), 0)))
})

test('beside a light call that is late one expects to be late, by a period at most; beside a heavy one not', (t: TestContext) => {
  const { own, quota, belief, dispatch, settle } = node(2)
  quota.limit(Number.POSITIVE_INFINITY, 100, 2)
  const heavy = dispatch(3, 0)
  quota.advance(3)
  const besideHeavyMs = own(1)
  quota.advance(80)
  near(t, own(1), besideHeavyMs)
  settle(heavy, 80)
  dispatch(1, 80)
  quota.advance(81)
  const onTimeMs = own(1)
  belief.rttMs = 1
  quota.advance(82)
  near(t, own(1), onTimeMs)
  quota.advance(92)
  near(t, own(1), onTimeMs + 0.5 * 10)
  quota.advance(5_000)
  near(t, own(1), onTimeMs + 0.5 * 100)
})

test('a neighbour comes in bursts: the more it takes, the less is known of what is left', (t: TestContext) => {
  const { own, quota, belief } = node()
  const spareMs = 12
  near(t, own(30 - spareMs), expected(18, 100, spareMs))
  belief.othersCores = 0.1
  quota.advance(50)
  // 25 ms of quota are left, and the neighbour takes a tenth of what passes.
  near(t, own(10), expected(10, 50, 25 - 10 * 1.1, 10))
})
