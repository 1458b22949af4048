import { after, before, suite, type TestContext, test } from 'node:test'
import { testAccounts } from '../../fleets/accounts.ts'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { acrossKill, underPlague } from '../sends/laws.ts'
import type { SendersOptions } from '../sends/senders.ts'
import { SendsStack } from '../sends/stack.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false
const [funder = { address: '', privateKey: '' }] = testAccounts

suite('sends to three Geths', { skip, timeout: 300_000 }, () => {
  let stack: SendsStack
  before(async () => {
    stack = await SendsStack.start({ client: 'geth', nodes: 3, blockTimeMs: 1_000, journal: true })
  })
  after(() => stack.close())

  function optionsFor(name: string): SendersOptions {
    const { chainId } = stack.fleet
    const size = { senders: 20, each: 50, burst: 5, patienceMs: 60_000 }
    return { ...size, name, url: stack.endpoint, chainId, funder }
  }

  test('20 senders × 50 while nodes are killed, stopped and restarted: 1,000 receipts', async (t: TestContext) => {
    await underPlague(t, stack, optionsFor('plagued'))
  })

  test('the same, and the proxy is killed in the middle: all that was accepted is mined', async (t: TestContext) => {
    await acrossKill(t, stack, optionsFor('killed'))
  })
})
