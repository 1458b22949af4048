import { type TestContext, test } from 'node:test'
import { Turns } from './turns.ts'

test('those of one key go one after another, those of another do not wait', async (t: TestContext) => {
  const turns = new Turns()
  const heard: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.take('a', async () => {
    await gate.promise
    heard.push('first')
  })
  const second = turns.take('a', async () => {
    heard.push('second')
  })
  await turns.take('b', async () => {
    heard.push('other')
  })
  gate.resolve()
  await Promise.all([first, second])
  t.assert.deepEqual(heard, ['other', 'first', 'second'])
})

test('who fails does not hold up the next, and nothing is kept', async (t: TestContext) => {
  const turns = new Turns()
  const failing = turns.take('a', () => Promise.reject(new Error('no')))
  const next = turns.take('a', async () => 'yes')
  await t.assert.rejects(failing, /no/)
  t.assert.equal(await next, 'yes')
  t.assert.equal(turns.size, 0)
})
