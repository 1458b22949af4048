import { after, before, type TestContext, test } from 'node:test'
import { ReadsStack } from './reads/stack.ts'
import { anyLag, askRanges } from './reads/whole-logs.ts'

/** Asked above its head, Anvil leaves out in silence what it lacks. The same on Geths: `geth/`. */
const answers = Number(process.env['EQUIPOISE_TEST_ANSWERS'] ?? 3_000)
const limits = { timeout: 900_000 }

let stack: ReadsStack
before(async () => {
  stack = await ReadsStack.start('anvil', 4)
})
after(() => stack.close())

test(
  'logs of a range are all that there are, or refused while nobody has it',
  limits,
  async (t: TestContext) => {
    const ranged = await askRanges(t, stack, await stack.proxy(t), answers)
    const { answers: count, whole, refused, heads, wrongs } = ranged
    t.diagnostic(`${count} answers, ${whole} with logs, ${refused} refused, ${heads} heads`)
    t.assert.deepEqual(wrongs.slice(0, 10), [])
    t.assert.ok(count >= answers && whole > count / 2 && heads > 20)
  },
)

test('a proxy that asks any node is caught leaving logs out', limits, async (t: TestContext) => {
  const url = await stack.proxy(t, { preload: 'without-demands', config: anyLag })
  const { wrongs } = await askRanges(t, stack, url, 600)
  t.assert.ok(wrongs.length > 50, `${wrongs.length}`)
})
