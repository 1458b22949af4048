import { after, before, suite, type TestContext, test } from 'node:test'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { ReadsStack } from '../reads/stack.ts'
import { anyLag, askRanges } from '../reads/whole-logs.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false
const answers = Number(process.env['EQUIPOISE_TEST_ANSWERS'] ?? 10_000)

suite('logs of three Geths', { skip, timeout: 600_000 }, () => {
  let stack: ReadsStack
  before(async () => {
    stack = await ReadsStack.start('geth', 3)
  })
  after(() => stack.close())

  test('10⁴ ranges while heads move: never an incomplete answer', async (t: TestContext) => {
    const ranged = await askRanges(t, stack, await stack.proxy(t), answers)
    const { answers: count, whole, refused, heads, wrongs } = ranged
    t.diagnostic(`${count} answers, ${whole} with logs, ${refused} refused, ${heads} heads`)
    t.assert.deepEqual(wrongs.slice(0, 10), [])
    t.assert.ok(count >= answers && whole > count / 2 && heads > 20)
  })

  test('a proxy that asks any node is caught', async (t: TestContext) => {
    const url = await stack.proxy(t, { preload: 'without-demands', config: anyLag })
    const { wrongs } = await askRanges(t, stack, url, 600)
    t.assert.ok(wrongs.length > 50, `${wrongs.length}`)
  })
})
