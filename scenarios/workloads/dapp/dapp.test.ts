import { after, before, type TestContext, test } from 'node:test'
import { arrivalsOf } from '../../load/arrivals.ts'
import { OpenLoop } from '../../load/open-loop.ts'
import { randomStream } from '../../load/random.ts'
import type { Audit, Script } from '../script.ts'
import { bareFacts, type ProxiedAnvils, startProxiedAnvils } from '../test/proxied-anvils.ts'
import { dappScript } from './dapp-script.ts'
import { marbles } from './marbles.ts'
import { MarblesModel } from './marbles-model.ts'
import type { Model, Write } from './model.ts'
import type { Dapp } from './plan.ts'
import { privateEquity } from './private-equity.ts'

const limits = { timeout: 120_000 }
const [ratePerSecond, durationMs] = [60, 4_000]
const { signal } = new AbortController()

let site: ProxiedAnvils
let url = ''

before(async () => {
  site = await startProxiedAnvils()
  url = site.url
})

after(() => site.close())

for (const { name, play } of [
  { name: 'private-equity', play: () => played(privateEquity, 1) },
  { name: 'marbles', play: () => played(marbles, 1) },
]) {
  test(
    `${name}: every transaction that was accepted has its receipt, and the contract is as the model says`,
    limits,
    async (t: TestContext) => {
      const { audit, failed } = await play()
      t.assert.deepEqual(audit.faults, [])
      const { counts } = audit
      t.assert.ok((counts['sent'] ?? 0) > 20, JSON.stringify(counts))
      t.assert.equal(counts['mined'], counts['sent'])
      t.assert.equal(counts['accepted'], counts['sent'])
      t.assert.ok((counts['compared'] ?? 0) > 50, JSON.stringify(counts))
      // A read may come before what it asks for on a machine that is busy; a write must not fail.
      t.assert.deepEqual(
        failed.filter((method) => method.startsWith('eth_send')),
        [],
      )
    },
  )
}

test('a model that forgets one kind of write is found out', limits, async (t: TestContext) => {
  class Forgetful extends MarblesModel {
    override apply(write: Write, from: string): boolean {
      return write.name === 'transfer' || super.apply(write, from)
    }
  }
  const { audit } = await played({ ...marbles, model: () => new Forgetful() }, 2)
  t.assert.ok(audit.faults.length > 0)
  t.assert.match(audit.faults.join('\n'), /(get|ofOwner)\(0x.* and should be /)
})

test(
  'a write that the endpoint never got is offered again, and those behind it are mined with it',
  limits,
  async (t: TestContext) => {
    const script = await scriptOf(marbles, 3)
    const count = 40
    const calls = Array.from({ length: count }, () => script.next())
    const writes = calls.filter(({ method }) => method === 'eth_sendRawTransaction')
    const [lost] = writes
    for (const call of writes) {
      const failure = call === lost ? 'overflow' : null
      const answer = failure === null ? await send(call.params) : undefined
      script.settled(call, { failure, result: answer })
    }
    const { counts, faults } = await script.finish(signal)
    t.assert.deepEqual(faults, [])
    t.assert.equal(counts['offered again'], (counts['sent'] ?? 0) - writes.length + 1)
    t.assert.equal(counts['mined'], counts['sent'])
  },
)

test(
  'calls are the same for the same seed and stream, but for addresses, nonces and hashes',
  limits,
  async (t: TestContext) => {
    const [one, same, other] = [
      await scriptOf(marbles, 4),
      await scriptOf(marbles, 4),
      await scriptOf(marbles, 5),
    ]
    const drawn = (script: Script) =>
      Array.from({ length: 60 }, () => script.next()).map(({ row, kind }) => [row, kind])
    const first = drawn(one)
    t.assert.deepEqual(drawn(same), first)
    t.assert.notDeepEqual(drawn(other), first)
  },
)

/** A whole load through the proxy, and what of it failed. */
async function played<Kept extends Model>(
  dapp: Dapp<Kept>,
  seed: number,
): Promise<{ readonly audit: Audit; readonly failed: readonly string[] }> {
  const script = await scriptOf(dapp, seed)
  const failed: string[] = []
  await new OpenLoop({
    url,
    arrivalsMs: arrivals(seed),
    nextCall: () => script.next(),
    onSettled: (call, settled) => {
      script.settled(call, settled)
      if (settled.failure !== null) failed.push(`${call.method}: ${settled.failure}`)
    },
    classes: dapp.classes,
    idleMs: [],
    warmupMs: 0,
    durationMs,
    maxInFlight: 500,
    timeoutMs: 30_000,
    signal,
    onWindow: () => {},
  }).run()
  return { audit: await script.finish(signal), failed }
}

function scriptOf<Kept extends Model>(dapp: Dapp<Kept>, seed: number): Promise<Script> {
  const arrivalsMs = arrivals(seed)
  return dappScript(dapp, { url, facts: bareFacts, seed, stream: 'test', arrivalsMs, signal })
}

function arrivals(seed: number): Float64Array {
  return arrivalsOf({ kind: 'poisson' }, ratePerSecond, durationMs, randomStream(seed, 'arrivals'))
}

async function send(params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params })
  const headers = { 'content-type': 'application/json' }
  const answer: unknown = await (await fetch(url, { method: 'POST', headers, body })).json()
  return (answer as { readonly result?: unknown }).result
}
