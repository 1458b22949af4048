import { after, before, suite, type TestContext, test } from 'node:test'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { type PollOptions, poll } from '../reads/never-backwards.ts'
import { ReadsStack } from '../reads/stack.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false
const answers = Number(process.env['EQUIPOISE_TEST_ANSWERS'] ?? 100_000)
const strict = 'consistency: { strict: true }'

suite('heads and state of four Geths', { skip, timeout: 900_000 }, () => {
  let stack: ReadsStack
  before(async () => {
    stack = await ReadsStack.start('geth', 4)
  })
  after(() => stack.close())

  const options = { clients: 50, answers, batch: 10, reorgs: 3, heads: 21 }

  const kinds = ['height', 'hash', 'balance'] as const

  test('10⁵ answers on heads and balances: none that one Geth would not show', async (t: TestContext) => {
    await assertRight(t, await stack.proxy(t), { name: 'default', ...options, kinds })
  })

  test('nor where what nodes tell is heard of later than what they answer', async (t: TestContext) => {
    const url = await stack.proxy(t, { preload: 'late-heads' })
    await assertRight(t, url, { name: 'late', ...options, answers: answers / 4, kinds })
  })

  test('in strict mode neither', async (t: TestContext) => {
    const url = await stack.proxy(t, { config: strict })
    await assertRight(t, url, { name: 'strict', ...options, kinds })
  })

  test('a proxy that asks any node is caught', async (t: TestContext) => {
    const url = await stack.proxy(t, { preload: 'without-demands' })
    const few = { ...options, answers: 2_000 }
    const { wrongs } = await poll(t, stack, url, { name: 'broken', ...few, kinds })
    t.assert.ok(wrongs.length > 100, `${wrongs.length}`)
  })

  async function assertRight(t: TestContext, url: string, all: PollOptions): Promise<void> {
    const { answers: count, heads, reorgs, wrongs } = await poll(t, stack, url, all)
    t.diagnostic(`${count} answers, ${heads} heads, ${reorgs} reorganisations`)
    t.assert.deepEqual(wrongs.slice(0, 10), [])
    t.assert.ok(count >= all.answers)
    t.assert.ok(heads > 20 && reorgs >= 3)
  }
})
