import { type TestContext, test } from 'node:test'
import { Client } from 'undici'
import { seededRng } from '../rng.ts'
import { ChainNode, History } from './chain-node.ts'
import { asFlags, fileWith, runningProxy } from './running-proxy.ts'

/** What each client asks in turn, and where the answer shows the step of the history it is from. */
const questions = [
  ['eth_blockNumber', [], (result: unknown) => String(result)],
  ['eth_getBlockByNumber', ['latest', false], hashOf],
  ['eth_getBalance', [`0x${'a'.repeat(40)}`, 'latest'], (result: unknown) => String(result)],
] as const

const withoutDemands = new URL('./without-demands.ts', import.meta.url).pathname

test('no client ever goes back, though nodes lag and jump and the chain reorganises', async (t: TestContext) => {
  const seen = await watched(t, { clients: 50, answers: 100_000, strict: false })
  t.assert.deepEqual(backwardSteps(seen), [])
  t.assert.equal(seen.flat().length, 100_000)
  t.assert.ok(Math.max(...seen.flat().map(({ step }) => step)) > 300, 'the chain did not move')
})

test('in strict mode neither', async (t: TestContext) => {
  const seen = await watched(t, { clients: 20, answers: 10_000, strict: true })
  t.assert.deepEqual(backwardSteps(seen), [])
})

test('a proxy without demands is caught going back', async (t: TestContext) => {
  const seen = await watched(t, {
    clients: 20,
    answers: 5_000,
    strict: false,
    preload: withoutDemands,
  })
  t.assert.ok(backwardSteps(seen).length > 100)
})

type Answer = { readonly result?: unknown; readonly error?: { readonly message: string } }

function question(i: number) {
  return questions[i % questions.length] ?? questions[0]
}

/** One answer: what was asked, and the step of the history that it shows, -1 for none. */
type Shown = { readonly method: string; readonly step: number; readonly error: string }

/** What clients saw, in the order in which each saw it. */
async function watched(
  t: TestContext,
  run: { clients: number; answers: number; strict: boolean; preload?: string },
): Promise<Shown[][]> {
  const history = new History()
  const [prompt, second, late, jumpy] = await Promise.all([
    ChainNode.start(t, 'prompt', history),
    ChainNode.start(t, 'second', history),
    ChainNode.start(t, 'late', history),
    ChainNode.start(t, 'jumpy', history),
  ])
  const nodes = [prompt, second, late, jumpy]
  const config = await fileWith(t, `consistency: { strict: ${run.strict} }`)
  const proxy = await runningProxy(
    t,
    [...asFlags(nodes), '--strategy', 'round-robin', '--config', config],
    run.preload,
  )
  const rng = seededRng(7)
  let answered = 0
  const advance = (): void => {
    if (rng() < 0.2) history.reorganise(1 + Math.floor(rng() * 3))
    else history.extend()
    const newest = history.heads.length - 1
    prompt.goTo(newest)
    second.goTo(newest)
    late.goTo(Math.max(late.step, newest - 3))
    if (rng() < 0.3) jumpy.goTo(newest)
  }
  const each = run.answers / run.clients
  /** Every fifth client asks one thing at a time, the others ten. */
  const poll = async (client: Client, index: number): Promise<Shown[]> => {
    const together = index % 5 === 0 ? 1 : 10
    const shown: Shown[] = []
    while (shown.length < each) {
      const asked = Array.from({ length: together }, (_, i) => question(shown.length + i))
      const calls = asked.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }))
      const { body } = await client.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(together === 1 ? calls[0] : calls),
      })
      const answers = [(await body.json()) as Answer | Answer[]].flat()
      for (const [i, [method, , tell]] of asked.entries()) {
        const { result, error } = answers[i] ?? {}
        shown.push({ method, step: history.stepOf(tell(result)), error: error?.message ?? '' })
        answered += 1
        if (answered % 250 === 0) advance()
      }
    }
    return shown
  }
  const clients = Array.from({ length: run.clients }, () => new Client(proxy.url))
  t.after(() => Promise.all(clients.map((client) => client.destroy())))
  return await Promise.all(clients.map(poll))
}

/** The checker: steps of the history that a client saw after later ones, or that are none. */
function backwardSteps(seen: readonly (readonly Shown[])[]): string[] {
  return seen.flatMap((shown, client) => {
    let highest = 0
    return shown.flatMap(({ method, step, error }, i) => {
      const isBack = step < highest
      const said = `client ${client}, answer ${i}, ${method}: step ${step} after ${highest} ${error}`
      highest = Math.max(highest, step)
      return isBack ? [said] : []
    })
  })
}

function hashOf(result: unknown): string {
  return typeof result === 'object' && result !== null && 'hash' in result
    ? String(result.hash)
    : ''
}
