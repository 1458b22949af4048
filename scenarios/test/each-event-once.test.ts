import { after, before, type TestContext, test } from 'node:test'
import { listen } from './reads/each-event-once.ts'
import { ReadsStack } from './reads/stack.ts'

/** The same with 200 filters, 200 subscriptions and 2,000 events, on Geths, is in `geth/`. */
const events = Number(process.env['EQUIPOISE_TEST_EVENTS'] ?? 600)
const each = Number(process.env['EQUIPOISE_TEST_LISTENERS'] ?? 60)
const limits = { timeout: 900_000 }

let stack: ReadsStack
before(async () => {
  stack = await ReadsStack.start('anvil', 4)
})
after(() => stack.close())

test(
  'each client is told each event once, in order, though nodes die, stop and reorganise',
  limits,
  async (t: TestContext) => {
    const options = { each, events, hasFaults: true }
    const listened = await listen(t, stack, await stack.proxy(t), options)
    const { clients, told, removed, blocks, wrongs } = listened
    t.diagnostic(
      `${clients} clients, ${blocks} blocks, ${told} events told, ${removed} of them removed`,
    )
    t.assert.deepEqual(wrongs.slice(0, 10), [])
    t.assert.ok(removed > 0)
  },
)

for (const broken of ['without-removals', 'without-logs'] as const) {
  test(`a proxy ${broken.replace('-', ' ')} is caught`, limits, async (t: TestContext) => {
    const url = await stack.proxy(t, { preload: broken })
    const { wrongs } = await listen(t, stack, url, { each: 12, events: 600, hasFaults: false })
    t.assert.ok(wrongs.length > 10, `${wrongs.length}`)
  })
}
