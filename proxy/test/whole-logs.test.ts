import { type TestContext, test } from 'node:test'
import { Client } from 'undici'
import { seededRng } from '../rng.ts'
import { type ChainLog, ChainNode, History } from './chain-node.ts'
import { asFlags, runningProxy } from './running-proxy.ts'

const withoutDemands = new URL('./without-demands.ts', import.meta.url).pathname

test('logs of a range are all of its logs, or none can have them, while heads move', async (t: TestContext) => {
  const answers = await asked(t, 10_000)
  t.assert.deepEqual(answers.flatMap(flawOf), [])
  t.assert.equal(answers.length, 10_000)
  const whole = answers.filter(({ logs }) => logs !== null)
  t.assert.ok(whole.length > 6_000, `${whole.length} were answered with logs`)
})

test('a proxy without demands is caught leaving logs out', async (t: TestContext) => {
  const answers = await asked(t, 1_000, withoutDemands)
  t.assert.ok(answers.flatMap(flawOf).length > 100)
})

/** What was asked and came back; `top` is the highest head of any node when it was asked. */
type Answered = {
  readonly from: number
  readonly to: number
  readonly top: number
  readonly logs: readonly ChainLog[] | null
  readonly message: string | null
}

/** The checker: what is wrong with one answer. */
function flawOf({ from, to, top, logs, message }: Answered): string[] {
  if (logs === null) {
    const isRight = message === 'block range extends beyond current head block' && to > top
    return isRight ? [] : [`${from}–${to} below ${top}: ${message}`]
  }
  const heights = logs.map(({ blockNumber }) => Number(blockNumber))
  const isWhole = heights.length === to - from + 1 && heights.every((at, i) => at === from + i)
  return isWhole ? [] : [`${from}–${to}, ${heights.length} logs`]
}

async function asked(t: TestContext, count: number, preload?: string): Promise<Answered[]> {
  const history = new History()
  const [prompt, second, late, unheard] = await Promise.all([
    ChainNode.start(t, 'prompt', history),
    ChainNode.start(t, 'second', history),
    ChainNode.start(t, 'late', history),
    // It does not tell of its heads: they are only looked at.
    ChainNode.start(t, 'unheard', history, false),
  ])
  const nodes = [prompt, second, late, unheard]
  const flags = [...asFlags(nodes), '--strategy', 'round-robin']
  const proxy = await runningProxy(t, flags, preload)
  const rng = seededRng(11)
  let answered = 0
  const advance = (): void => {
    history.extend()
    const newest = history.heads.length - 1
    // Nobody is always the first.
    if (rng() < 0.5) prompt.goTo(newest)
    else second.goTo(newest)
    if (rng() < 0.5) unheard.goTo(newest)
    late.goTo(Math.max(late.step, newest - 2))
  }
  const ask = async (client: Client, share: number): Promise<Answered[]> => {
    const answers: Answered[] = []
    for (let i = 0; i < share; i++) {
      const top = Math.max(...nodes.map(({ head }) => Number(head.number)))
      // Up to two blocks above all heads, as who hears of blocks elsewhere may ask.
      const to = Math.max(1, top + 2 - Math.floor(rng() * 8))
      const from = Math.max(0, to - Math.floor(rng() * 6))
      const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` }
      const { body } = await client.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: i, method: 'eth_getLogs', params: [range] }),
      })
      const answer = (await body.json()) as {
        readonly result?: readonly ChainLog[]
        readonly error?: { readonly message: string }
      }
      answers.push({
        from,
        to,
        top,
        logs: answer.result ?? null,
        message: answer.error?.message ?? null,
      })
      answered += 1
      if (answered % 40 === 0) advance()
    }
    return answers
  }
  const clients = Array.from({ length: 20 }, () => new Client(proxy.url))
  t.after(() => Promise.all(clients.map((client) => client.destroy())))
  const all = await Promise.all(clients.map((client) => ask(client, count / clients.length)))
  return all.flat()
}
