import { after, before, type TestContext, test } from 'node:test'
import { testAccounts } from '../fleets/accounts.ts'
import { BrokenRelay, breaks } from './sends/broken-relay.ts'
import { acrossKill, underPlague } from './sends/laws.ts'
import { judge } from './sends/seen.ts'
import { runSenders, type SendersOptions } from './sends/senders.ts'
import { SendsStack } from './sends/stack.ts'

/** The same at full size, on Geths, is in `geth/sends.test.ts`. */
const size = { senders: 6, each: 12, burst: 3 }

let stack: SendsStack
before(async () => {
  stack = await SendsStack.start({ client: 'anvil', nodes: 3, blockTimeMs: 400, journal: true })
})
after(() => stack.close())

const [funder = { address: '', privateKey: '' }] = testAccounts

function optionsFor(name: string, url = stack.endpoint): SendersOptions {
  const { chainId } = stack.fleet
  const patienceMs = 30_000
  return { ...size, name, url, fundsUrl: stack.endpoint, chainId, funder, patienceMs }
}

test('nothing is lost, done twice or unknown while nodes are killed and stopped', async (t: TestContext) => {
  await underPlague(t, stack, optionsFor('plagued'))
})

test('what was accepted is mined although the proxy is killed as well', async (t: TestContext) => {
  await acrossKill(t, stack, optionsFor('killed'))
})

for (const broken of breaks) {
  test(`a build that breaks the law “${broken}” is caught`, async (t: TestContext) => {
    const relay = await BrokenRelay.start(stack.endpoint, broken)
    t.after(() => relay.close())
    const small = { senders: 1, each: 4, burst: 4, patienceMs: 3_000 }
    const seen = await runSenders({ ...optionsFor(`broken ${broken}`, relay.url), ...small })
    t.assert.ok(judge(seen)[broken].length > 0)
  })
}
