import { type TestContext, test } from 'node:test'
import { LightTraffic } from './light-traffic.ts'

test('a steady stream is known by its rate, however often it is asked for', (t: TestContext) => {
  for (const askedEachMs of [1, 7, 400]) {
    const traffic = new LightTraffic()
    for (let ms = 0; ms < 10_000; ms++) {
      if (ms % 5 === 0) traffic.add()
      if (ms % askedEachMs === 0) traffic.perMs(ms)
    }
    const rate = traffic.perMs(10_000)
    t.assert.ok(Math.abs(rate - 0.2) < 0.01, `${rate} a ms, asked for each ${askedEachMs} ms`)
  }
})

test('what has ended is forgotten', (t: TestContext) => {
  const traffic = new LightTraffic()
  traffic.perMs(0)
  for (let i = 0; i < 500; i++) traffic.add()
  t.assert.ok(traffic.perMs(1_000) > 0.2)
  t.assert.ok(traffic.perMs(11_000) < 0.001)
})

test('nothing is known before time has passed', (t: TestContext) => {
  const traffic = new LightTraffic()
  traffic.add()
  t.assert.equal(traffic.perMs(5), 0)
  t.assert.equal(traffic.perMs(5), 0)
})
