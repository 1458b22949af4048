import { type TestContext, test } from 'node:test'
import { Sessions, sessionDefaults } from './session.ts'

test('a name is one client, another name another one', (t: TestContext) => {
  const sessions = new Sessions()
  t.assert.equal(sessions.named('a', 0), sessions.named('a', 1))
  t.assert.notEqual(sessions.named('a', 0), sessions.named('b', 0))
})

test('no name and one too long are no names', (t: TestContext) => {
  const sessions = new Sessions()
  t.assert.equal(sessions.named('', 0), null)
  t.assert.equal(sessions.named('x'.repeat(257), 0), null)
  t.assert.equal(sessions.size, 0)
})

test('full, it forgets those who were not seen for longest, and nobody else', (t: TestContext) => {
  const sessions = new Sessions({ maxSessions: 20, maxIdleMs: 1_000 })
  const kept = sessions.named('kept', 0)
  const lost = sessions.named('lost', 0)
  for (let i = 0; i < 100; i++) {
    sessions.named(`client-${i}`, 1)
    t.assert.equal(sessions.named('kept', 1), kept)
    t.assert.ok(sessions.size <= 20, String(sessions.size))
  }
  t.assert.notEqual(sessions.named('lost', 1), lost)
})

test('who is idle for long is forgotten, who is not is not', (t: TestContext) => {
  const sessions = new Sessions({ maxSessions: 100, maxIdleMs: 1_000 })
  const idle = sessions.named('idle', 0)
  const busy = sessions.named('busy', 0)
  for (let ms = 0; ms <= 2_000; ms += 100) t.assert.equal(sessions.named('busy', ms), busy)
  t.assert.notEqual(sessions.named('idle', 2_000), idle)
})

test('10⁵ sessions take less than 50 MB, and the next ones nothing more', (t: TestContext) => {
  const sessions = new Sessions()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2 * sessionDefaults.maxSessions; i++) sessions.named(`client-${i}`, i / 1_000)
  t.assert.ok(sessions.size <= sessionDefaults.maxSessions)
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6
  t.assert.ok(megabytes < 50, `${megabytes} MB`)
})
