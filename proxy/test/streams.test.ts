import { type TestContext, test } from 'node:test'
import { addresses, EventChain, type EventLog, topics } from './event-chain.ts'
import { type Ask, FilterClient, httpAsk, SocketClient } from './event-clients.ts'
import { EventNode } from './event-node.ts'
import { asFlags, runningProxy } from './running-proxy.ts'

const eachWay = 100
const blocks = 100
const logsPerBlock = 20

const preload = (name: string) => new URL(`./${name}.ts`, import.meta.url).pathname

test('each client has each event once, in order, though nodes die, fall silent and reorganise', async (t: TestContext) => {
  const seen = await watched(t)
  t.assert.deepEqual(flaws(seen), [])
  t.assert.equal(seen.length, 4 * eachWay)
  t.assert.ok(seen.flatMap(({ told }) => told).some(({ removed }) => removed))
})

test('a proxy that does not say what was removed is caught', async (t: TestContext) => {
  t.assert.ok(flaws(await watched(t, preload('without-removals'))).length > 50)
})

test('a proxy that takes a node without the logs at its word is caught', async (t: TestContext) => {
  t.assert.ok(flaws(await watched(t, preload('without-logs'))).length > 50)
})

/** What a client asked for, what it was told, and what one Geth would have told it. */
type Seen = {
  readonly name: string
  readonly told: readonly EventLog[]
  readonly due: readonly EventLog[]
}

/** What clients saw while two nodes died, one fell silent, and two blocks were orphaned. */
async function watched(t: TestContext, broken: string | null = null): Promise<Seen[]> {
  const chain = new EventChain()
  for (let i = 0; i < 8; i += 1) chain.extend(3)
  const begun = chain.told.length
  const names = ['first', 'second', 'third', 'last']
  const nodes = await Promise.all(names.map((name) => EventNode.start(t, name, chain)))
  const [first, second, third] = nodes as [EventNode, EventNode, EventNode]
  const proxy = await runningProxy(t, asFlags(nodes), broken)
  const sockets = await Promise.all(
    Array.from({ length: 20 }, () => SocketClient.open(t, proxy.url)),
  )
  const asks: Ask[] = Array.from({ length: 20 }, () => httpAsk(t, proxy.url))
  const [watcher] = sockets as [SocketClient]
  const heads = await watcher.subscribe('newHeads')
  const subscribed: { client: SocketClient; id: string; i: number }[] = []
  const filters: { filter: FilterClient; i: number }[] = []
  for (let i = 0; i < 2 * eachWay; i += 1) {
    const client = sockets[i % sockets.length] as SocketClient
    subscribed.push({ client, id: await client.subscribe('logs', criteriaOf(i)), i })
    const ask = i % 2 === 0 ? client.ask : (asks[i % asks.length] as Ask)
    filters.push({ filter: await FilterClient.make(ask, criteriaOf(i)), i })
  }

  for (let i = 1; i <= blocks; i += 1) {
    if (i === 60) chain.reorganise(2, logsPerBlock)
    else chain.extend(logsPerBlock)
    for (const node of nodes) node.goTo(chain.head)
    // Right behind the head that they told of: what it holds must come from the others.
    if (i === 20) await first.die()
    if (i === 40) second.fallSilent()
    if (i === 80) await third.die()
    const { hash } = chain.head
    if (i % 10 !== 0) await watcher.until(() => hashOf(watcher.told.get(heads)?.at(-1)) === hash)
    if (i % 5 === 0) await Promise.all(filters.map(({ filter }) => filter.poll()))
  }
  const { hash } = chain.head
  await watcher.until(() => hashOf(watcher.told.get(heads)?.at(-1)) === hash)
  await Promise.all(filters.map(({ filter }) => filter.poll()))
  // Behind this answer nothing of the last block is on its way any more.
  await Promise.all(sockets.map(({ ask }) => ask('eth_chainId', [])))
  const due = chain.told.slice(begun)
  t.assert.deepEqual(
    (watcher.told.get(heads) ?? []).map(hashOf),
    chain.heads.slice(8).map((head) => head.hash),
  )
  return [
    ...subscribed.map(({ client, id, i }) => {
      const told = (client.told.get(id) ?? []) as EventLog[]
      return { name: `subscription ${i}`, told, due: wanted(due, i) }
    }),
    ...filters.map(({ filter: { told }, i }) => {
      return { name: `filter ${i}`, told, due: wanted(due, i) }
    }),
  ]
}

/** The checker: whose events are not those of one Geth, and from where on. */
function flaws(seen: readonly Seen[]): string[] {
  return seen.flatMap(({ name, told, due }) => {
    const wrong = due.findIndex((log, i) => JSON.stringify(log) !== JSON.stringify(told[i]))
    if (wrong < 0 && told.length === due.length) return []
    const at = wrong < 0 ? due.length : wrong
    const [is, should] = [told[at], due[at]].map((log) =>
      log === undefined ? 'nothing' : `${log.blockNumber} ${log.logIndex} ${log.removed}`,
    )
    return [`${name}: ${told.length} of ${due.length} events, at ${at} ${is} in place of ${should}`]
  })
}

/** What client `i` asks for. */
function criteriaOf(i: number): { address?: unknown; topics?: unknown } {
  const address = addresses[i % addresses.length]
  const topic = topics[i % topics.length]
  const other = topics[(i + 1) % topics.length]
  switch (i % 6) {
    case 0:
      return {}
    case 1:
      return { address }
    case 2:
      return { topics: [topic] }
    case 3:
      return { address: [address, addresses[0]], topics: [[topic, other]] }
    case 4:
      return { topics: [null, topic] }
    default:
      return { topics: [null, null] }
  }
}

/** The same as {@link criteriaOf}, said a second time in another way. */
function wanted(due: readonly EventLog[], i: number): readonly EventLog[] {
  const address = addresses[i % addresses.length] ?? ''
  const topic = topics[i % topics.length] ?? ''
  const other = topics[(i + 1) % topics.length] ?? ''
  return due.filter((log) => {
    const [first, second] = log.topics
    switch (i % 6) {
      case 0:
        return true
      case 1:
        return log.address === address
      case 2:
        return first === topic
      case 3: {
        const isOne = log.address === address || log.address === addresses[0]
        return isOne && (first === topic || first === other)
      }
      case 4:
        return second === topic
      default:
        return second !== undefined
    }
  })
}

function hashOf(head: unknown): string {
  return typeof head === 'object' && head !== null && 'hash' in head ? String(head.hash) : ''
}
