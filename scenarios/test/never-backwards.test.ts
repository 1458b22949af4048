import { after, before, type TestContext, test } from 'node:test'
import { poll } from './reads/never-backwards.ts'
import { ReadsStack } from './reads/stack.ts'

/**
 * The same with 10⁵ answers and with balances, on Geths, is in `geth/never-backwards.test.ts`. (While
 * an Anvil makes a block, it answers for state at its head's hash with that of the new block.)
 */
const answers = Number(process.env['EQUIPOISE_TEST_ANSWERS'] ?? 6_000)
const limits = { timeout: 900_000 }

let stack: ReadsStack
before(async () => {
  stack = await ReadsStack.start('anvil', 4)
})
after(() => stack.close())

const kinds = ['height', 'hash'] as const

test(
  'no client sees heads that one node would not show, though nodes lag, jump and reorganise',
  limits,
  async (t) => {
    // Anvil does the calls of a batch in any order.
    await assertRight(t, 'heads', await stack.proxy(t), 1)
  },
)

test('nor where what nodes tell is heard of later than what they answer', limits, async (t) => {
  await assertRight(t, 'late', await stack.proxy(t, { preload: 'late-heads' }), 1)
})

test('in strict mode neither, in batches too', limits, async (t) => {
  const url = await stack.proxy(t, { config: 'consistency: { strict: true }' })
  await assertRight(t, 'strict', url, 10)
})

test('a proxy that asks any node is caught', limits, async (t: TestContext) => {
  const url = await stack.proxy(t, { preload: 'without-demands' })
  const options = { clients: 20, answers: 1_000, kinds, batch: 1, reorgs: 0, heads: 0 }
  const { wrongs } = await poll(t, stack, url, { name: 'broken', ...options })
  t.assert.ok(wrongs.length > 20, `${wrongs.length}`)
})

async function assertRight(
  t: TestContext,
  name: string,
  url: string,
  batch: number,
): Promise<void> {
  const options = { clients: 50, answers, kinds, batch, reorgs: 3, heads: 21 }
  const polled = await poll(t, stack, url, { name, ...options })
  const { answers: count, heads, reorgs, wrongs } = polled
  t.diagnostic(`${count} answers, ${heads} heads, ${reorgs} reorganisations`)
  t.assert.deepEqual(wrongs.slice(0, 10), [])
  t.assert.ok(count >= answers)
  t.assert.ok(heads > 20 && reorgs >= 3)
}
