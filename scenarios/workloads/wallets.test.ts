import { after, before, type TestContext, test } from 'node:test'
import { arrivalsOf } from '../load/arrivals.ts'
import { randomStream } from '../load/random.ts'
import { SessionLoop } from '../load/sessions.ts'
import { bareFacts, type ProxiedAnvils, startProxiedAnvils } from './test/proxied-anvils.ts'
import { wallets } from './wallets.ts'

const { signal } = new AbortController()
const durationMs = 3_000

let site: ProxiedAnvils

before(async () => {
  site = await startProxiedAnvils()
})

after(() => site.close())

test('every wallet connects, learns its right nonce, sends, and sees its receipt', {
  timeout: 90_000,
}, async (t: TestContext) => {
  const { url } = site
  const shape = wallets.arrivals ?? { kind: 'poisson' }
  const arrivalsMs = arrivalsOf(shape, 12, durationMs, randomStream(1, 'arrivals'))
  const context = { url, facts: bareFacts, seed: 1, stream: 'test', arrivalsMs, signal }
  const clients = await wallets.sessions?.(context)
  t.assert.ok(clients !== undefined)
  const phases: string[] = []
  const { classes, examples } = await new SessionLoop({
    url: url.replace('http', 'ws'),
    ...{ arrivalsMs, classes: wallets.classes, idleMs: [], warmupMs: 0, durationMs, signal },
    ...{ maxInFlight: 500, timeoutMs: 30_000 },
    onWindow: (phase) => phases.push(phase),
    play: (session) => clients.play(session),
  }).run()
  const { counts, faults } = await clients.finish(signal)
  t.assert.deepEqual([faults, examples, phases], [[], [], ['begin', 'end']])
  const sessions = arrivalsMs.length
  t.assert.ok(sessions > 5, `${sessions} sessions`)
  t.assert.deepEqual(
    [
      counts['sessions'],
      counts['complete'],
      counts['sent'],
      counts['mined'],
      counts['offered again'],
    ],
    [sessions, sessions, sessions, sessions, 0],
  )
  const succeeded = Object.entries(classes).map(([name, one]) => [name, one.succeeded])
  t.assert.deepEqual(
    succeeded.filter(([name]) => name !== 'light'),
    [
      ['connect', sessions],
      ['send', sessions],
      ['mined', sessions],
    ],
  )
})

test('a client that nobody lets in fails, and the load goes on', async (t: TestContext) => {
  const arrivalsMs = Float64Array.from([1, 2, 3])
  const { classes } = await new SessionLoop({
    url: `${site.url.replace('http', 'ws')}/nowhere`,
    ...{ arrivalsMs, classes: ['connect'], idleMs: [], warmupMs: 0, durationMs: 50, signal },
    ...{ maxInFlight: 500, timeoutMs: 30_000 },
    onWindow: () => {},
    play: async (session) => {
      t.assert.equal(await session.connect(0), false)
    },
  }).run()
  t.assert.deepEqual([classes['connect']?.sent, classes['connect']?.failures], [3, { socket: 3 }])
})
