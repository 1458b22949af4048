import { type TestContext, test } from 'node:test'
import { randomStream } from '../load/random.ts'
import { drawStream } from './call-mix.ts'
import { gethMix } from './mixes.ts'
import { usualQuota } from './processor.ts'
import { SlicedProcessor } from './sliced-processor.ts'

const options = { cores: 0.15, quota: usualQuota, threads: 1, sliceMs: 10 }

test('a call larger than the quota runs period by period', (t: TestContext) => {
  const node = new SlicedProcessor(options)
  node.add(1, 40)
  // 15 ms in each period of 100: 15, 15 and 10.
  t.assert.deepEqual(endings(node, 400), new Map([[1, 210]]))
  t.assert.equal(Math.round(node.counters.throttledMs), 170)
  t.assert.equal(node.counters.throttledPeriods, 2)
})

test('a call that comes after the quota is gone waits for the next period', (t: TestContext) => {
  const node = new SlicedProcessor({ ...options, cores: 0.2 })
  node.add(1, 20)
  const late = { atMs: 30, call: 2, workMs: 1 }
  const ended = endings(node, 300, late)
  t.assert.deepEqual(
    ended,
    new Map([
      [1, 20],
      [2, 101],
    ]),
  )
})

test('a light call waits for one slice of a heavy one, not for its end', (t: TestContext) => {
  const node = new SlicedProcessor({ ...options, cores: 1 })
  node.add(1, 50)
  node.add(2, 1)
  t.assert.deepEqual(
    endings(node, 200),
    new Map([
      [2, 11],
      [1, 51],
    ]),
  )
})

test('a neighbour in the quota takes its part first, and calls wait longer for theirs', (t: TestContext) => {
  const lastMs = (neighbourCores: number) => {
    const node = new SlicedProcessor({ ...options, cores: 0.4 })
    node.shareQuota(neighbourCores)
    for (let call = 0; call < 100; call += 1) node.add(call, 10)
    const ended = endings(node, 10_000)
    t.assert.equal(ended.size, 100)
    return Math.max(...ended.values())
  }
  // 1 s of work, 40 ms in each period of 100.
  t.assert.equal(lastMs(0), 2440)
  t.assert.ok(lastMs(0.26) > 1.3 * lastMs(0), String(lastMs(0.26)))
})

test('what calls leave is collected in bursts, and in all as much CPU is used', (t: TestContext) => {
  const garbage = { share: 0.5, burstMs: 10 }
  const little = new SlicedProcessor({ ...options, garbage })
  little.add(1, 12)
  t.assert.deepEqual(endings(little, 100), new Map([[1, 6]]))
  t.assert.equal(Math.round(little.counters.usedMs), 6)
  // Call and collector use 10 of the 20 ms of quota each, and the rest in the next period.
  const node = new SlicedProcessor({ ...options, cores: 0.2, garbage })
  node.add(1, 24)
  const late = { atMs: 30, call: 2, workMs: 1 }
  const ended = endings(node, 300, late)
  t.assert.deepEqual(
    ended,
    new Map([
      [1, 102],
      [2, 102.5],
    ]),
  )
  t.assert.equal(Math.round(10 * node.counters.usedMs), 245)
})

test('after a rest a call takes longer, the more the longer the rest was', (t: TestContext) => {
  const tookMs = (restMs: number) => {
    const node = new SlicedProcessor({ ...options, cores: 1, cold: { mostMs: 2, tauMs: 300 } })
    node.add(1, 1)
    return (endings(node, 2000, { atMs: restMs, call: 2, workMs: 1 }).get(2) ?? 0) - restMs
  }
  t.assert.ok(Math.abs(tookMs(301) - (1 + 2 * (1 - Math.exp(-1)))) < 0.01, `${tookMs(301)}`)
  t.assert.ok(tookMs(5) < 1.1)
  t.assert.ok(tookMs(1500) > 2.9)
})

test('on half of a core everything takes twice as long', (t: TestContext) => {
  const node = new SlicedProcessor({ ...options, cores: 1 })
  node.runOn(0.5)
  node.add(1, 20)
  t.assert.deepEqual(endings(node, 200), new Map([[1, 40]]))
})

test('while there is quota, light calls wait behind others as on Geth: 0, 6, 16, 20 ms behind 0 to 3 at most', (t: TestContext) => {
  const waits = waitsByCrowd()
  const measured = [0, 6, 16, 20]
  measured.forEach((ms, k) => {
    const { sum = 0, count = 0 } = waits[k] ?? {}
    t.assert.ok(count > 100, `only ${count} behind ${k}`)
    // What the host and the end of the quota add on real nodes is not in this part of the model.
    const waitMs = sum / count
    t.assert.ok(waitMs >= 0.4 * ms && waitMs <= 1 + ms, `${waitMs} behind ${k}, not ${ms}`)
  })
})

type Late = { readonly atMs: number; readonly call: number; readonly workMs: number }

/** Runs a node and begins a period each 100 ms; when each call ended, rounded to 1 µs. */
function endings(node: SlicedProcessor, untilMs: number, late?: Late): Map<number, number> {
  const ended = new Map<number, number>()
  let nowMs = 0
  const take = () => {
    for (let call = node.takeEnded(); call >= 0; call = node.takeEnded()) {
      ended.set(call, Math.round(1000 * nowMs) / 1000)
    }
  }
  let periodMs = 0
  while (nowMs < untilMs) {
    const lateMs = late !== undefined && late.atMs > nowMs ? late.atMs : untilMs
    nowMs = Math.min(untilMs, lateMs, periodMs, Math.max(nowMs, node.nextMs()))
    node.advance(nowMs)
    take()
    if (late?.atMs === nowMs) node.add(late.call, late.workMs)
    if (nowMs < periodMs) continue
    node.beginPeriod()
    periodMs += 100
  }
  return ended
}

/** Mean wait of light calls by the number of others in flight, on a node whose quota never ends. */
function waitsByCrowd(): readonly { sum: number; count: number }[] {
  const stream = drawStream(
    { mix: gethMix, ratePerMs: 0.08, endMs: 2_000_000, proxies: 1, bursts: null },
    randomStream(1, 'arrivals'),
    randomStream(1, 'calls'),
  )
  const node = new SlicedProcessor({ ...options, cores: 50 })
  const waits = Array.from({ length: 64 }, () => ({ sum: 0, count: 0 }))
  const others = new Map<number, number>()
  let [next, nowMs] = [0, 0]
  while (next < stream.count) {
    const arrivalMs = stream.atMs[next] ?? 0
    nowMs = Math.min(arrivalMs, node.nextMs())
    node.advance(nowMs)
    node.beginPeriod()
    for (let call = node.takeEnded(); call >= 0; call = node.takeEnded()) {
      const wait = waits[others.get(call) ?? 0]
      others.delete(call)
      if (wait === undefined || gethMix[stream.kind[call] ?? 0]?.isLight !== true) continue
      wait.sum += nowMs - (stream.atMs[call] ?? 0) - (stream.cpuMs[call] ?? 0)
      wait.count += 1
    }
    if (nowMs < arrivalMs) continue
    others.set(next, others.size)
    node.add(next, stream.cpuMs[next] ?? 0)
    next += 1
  }
  return waits
}
