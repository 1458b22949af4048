import { type TestContext, test } from 'node:test'
import { randomStream } from '../load/random.ts'
import { type Bursts, type CallStream, drawStream } from './call-mix.ts'
import { wideMix } from './mixes.ts'

const bursts: Bursts = { high: 2, low: 0.75, highMs: 500, lowMs: 2000 }

test('calls come at the rate asked for, in bursts or not', (t: TestContext) => {
  for (const stream of [draw(1, null), draw(1, bursts)]) {
    const rate = stream.count / 500_000
    t.assert.ok(Math.abs(rate - 1) < 0.03, String(rate))
  }
})

test('Poisson arrivals vary as their number does, bursts by far more', (t: TestContext) => {
  const plain = dispersion(draw(2, null))
  t.assert.ok(plain > 0.8 && plain < 1.25, String(plain))
  t.assert.ok(dispersion(draw(2, bursts)) > 5)
})

test('the same seed draws the same calls, another one others', (t: TestContext) => {
  t.assert.deepEqual(draw(3, bursts), draw(3, bursts))
  t.assert.notDeepEqual(draw(3, null).atMs.slice(0, 9), draw(4, null).atMs.slice(0, 9))
})

test('another rate leaves the calls and their costs as they were', (t: TestContext) => {
  const [slow, fast] = [draw(5, null, 0.5), draw(5, null, 1)]
  t.assert.deepEqual(slow.cpuMs, fast.cpuMs.slice(0, slow.count))
  t.assert.deepEqual(slow.kind, fast.kind.slice(0, slow.count))
})

test('each kind has its share, and costs keep to their bounds', (t: TestContext) => {
  const stream = draw(6, null)
  for (const [index, kind] of wideMix.entries()) {
    const own = stream.cpuMs.filter((_, i) => stream.kind[i] === index)
    const share = own.length / stream.count
    t.assert.ok(Math.abs(share / kind.share - 1) < 0.1, `${kind.name} ${share}`)
    for (const ms of own) {
      if (ms < (kind.cpuMs.least ?? 0) || ms > (kind.cpuMs.most ?? Number.POSITIVE_INFINITY)) {
        t.assert.fail(`${kind.name} of ${ms} ms`)
      }
    }
  }
})

function draw(seed: number, own: Bursts | null, ratePerMs = 1): CallStream {
  return drawStream(
    { mix: wideMix, ratePerMs, endMs: 500_000, proxies: 2, bursts: own },
    randomStream(seed, 'arrivals'),
    randomStream(seed, 'calls'),
  )
}

/** Variance ÷ mean of the arrivals in a second: 1 for a Poisson process. */
function dispersion({ atMs }: CallStream): number {
  const counts = new Array<number>(500).fill(0)
  for (const ms of atMs) counts[Math.floor(ms / 1000)] = (counts[Math.floor(ms / 1000)] ?? 0) + 1
  const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length
  return counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / counts.length / mean
}
