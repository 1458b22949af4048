import { after, before, suite, type TestContext, test } from 'node:test'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { listen } from '../reads/each-event-once.ts'
import { ReadsStack } from '../reads/stack.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false

suite('events of three Geths', { skip, timeout: 900_000 }, () => {
  let stack: ReadsStack
  before(async () => {
    stack = await ReadsStack.start('geth', 3)
  })
  after(() => stack.close())

  test('200 filters and 200 subscriptions, 2,000 events: each one once, in order', async (t: TestContext) => {
    const options = { each: 200, events: 2_000, hasFaults: true }
    const listened = await listen(t, stack, await stack.proxy(t), options)
    const { clients, told, removed, blocks, wrongs } = listened
    t.diagnostic(
      `${clients} clients, ${blocks} blocks, ${told} events told, ${removed} of them removed`,
    )
    t.assert.deepEqual(wrongs.slice(0, 10), [])
    t.assert.ok(removed > 0)
  })

  for (const broken of ['without-removals', 'without-logs'] as const) {
    test(`a proxy ${broken.replace('-', ' ')} is caught`, async (t: TestContext) => {
      const url = await stack.proxy(t, { preload: broken })
      const { wrongs } = await listen(t, stack, url, { each: 12, events: 600, hasFaults: false })
      t.assert.ok(wrongs.length > 10, `${wrongs.length}`)
    })
  }
})
