import { type TestContext, test } from 'node:test'
import { seededRng } from '../rng.ts'
import { Correlation, Disturbance } from './disturbance.ts'

test('nothing observed is nothing expected', (t: TestContext) => {
  t.assert.equal(new Disturbance(new Correlation(), 500).at(1_000), 0)
})

test('what is observed is followed within its time constant, and never below nothing', (t: TestContext) => {
  const disturbance = new Disturbance(new Correlation(), 500)
  disturbance.observe(0, 250, 0, 1)
  disturbance.observe(0.4, 250, 250, 1)
  disturbance.observe(0.4, 250, 500, 1)
  t.assert.ok(disturbance.at(500) > 0.1 && disturbance.at(500) < 0.3)
  for (let ms = 750; ms < 3_000; ms += 250) disturbance.observe(-0.2, 250, ms, 1)
  t.assert.equal(disturbance.at(2_750) < 0.05 && disturbance.at(2_750) >= 0, true)
})

test('between reports it returns to its mean, and a silent agent’s word fades to nothing', (t: TestContext) => {
  const disturbance = new Disturbance(new Correlation(), 0)
  for (let i = 0; i < 400; i++) disturbance.observe(i === 399 ? 1 : 0.2, 250, 250 * i, 1)
  const lastMs = 250 * 399
  const soon = disturbance.at(lastMs)
  const later = disturbance.at(lastMs + 1_500)
  t.assert.ok(soon > later && later > 0.15, `${soon}, ${later}`)
  t.assert.ok(disturbance.at(lastMs + 60_000) < 1e-4)
})

test('the correlation of a lasting disturbance is near 1, of noise near 0', (t: TestContext) => {
  const rng = seededRng(1)
  const lasting = new Correlation()
  const noise = new Correlation()
  let before = 0
  let chance = 0
  for (let i = 0; i < 2_000; i++) {
    const now = 0.95 * before + rng() - 0.5
    lasting.add(before, now)
    before = now
    const next = rng() - 0.5
    noise.add(chance, next)
    chance = next
  }
  t.assert.ok(lasting.rho > 0.9, String(lasting.rho))
  t.assert.ok(noise.rho < 0.1, String(noise.rho))
})
