import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Unmetered } from '../balance/in-flight.ts'
import { systemClock } from '../clock.ts'
import { fleetOf, socketsOf } from '../test/streaming-fleet.ts'
import { StreamingNode } from '../test/streaming-node.ts'
import { Upstream } from '../upstream/upstream.ts'
import type { Listener } from './feed.ts'
import { PoolMerge } from './merge.ts'
import { MergedFeed } from './merged-feed.ts'

test('a node that joins the fleet is listened to, and one that leaves is not any more', async (t: TestContext) => {
  const [first, second] = await Promise.all([StreamingNode.start(t), StreamingNode.start(t)])
  const { fleet, feed } = feedOf(t, [first])
  const ear = new Ear()
  feed.add(ear)
  await feed.start()
  tell(first, '"0x01"')
  await ear.until(1)
  fleet.add([upstreamAt(second)])
  await second.until(() => second.subscriptions.size === 1)
  tell(second, '"0x02"')
  await ear.until(2)
  const [old] = fleet.upstreams
  t.assert.ok(old !== undefined)
  fleet.remove(old)
  await first.until(() => first.subscriptions.size === 0)
  // What both tell is told once, whoever is left.
  tell(second, '"0x01"')
  tell(second, '"0x03"')
  await ear.until(3)
  t.assert.deepEqual(ear.heard, ['"0x01"', '"0x02"', '"0x03"'])
})

test('once nobody listens, nodes that join are left alone', async (t: TestContext) => {
  const [first, second] = await Promise.all([StreamingNode.start(t), StreamingNode.start(t)])
  const { fleet, feed } = feedOf(t, [first])
  const ear = new Ear()
  feed.add(ear)
  await feed.start()
  feed.remove(ear)
  await first.until(() => first.subscriptions.size === 0)
  fleet.add([upstreamAt(second)])
  t.assert.equal(second.webSocketsEver, 0)
})

function tell(node: StreamingNode, hash: string): void {
  for (const id of node.subscriptions.keys()) node.notify(id, hash)
}

function feedOf(t: TestContext, at: readonly StreamingNode[]) {
  const fleet = fleetOf(
    t,
    at.map(({ url }) => url),
  )
  const params = '["newPendingTransactions"]'
  const sockets = socketsOf(t)
  const merge = new PoolMerge()
  const end = (): void => {}
  const feed = new MergedFeed(
    'eth_subscribe',
    params,
    null,
    fleet,
    sockets,
    systemClock,
    merge,
    end,
  )
  return { fleet, feed }
}

function upstreamAt({ url }: StreamingNode): Upstream {
  const options = { id: 'late', cores: null, connections: 4, maxAnswerBytes: 1_048_576 }
  const upstream = new Upstream({ ...options, url: new URL(url) }, new Unmetered(), systemClock)
  upstream.health = 'up'
  return upstream
}

class Ear implements Listener {
  readonly heard: string[] = []
  readonly #events = new EventEmitter()

  next(result: Buffer): void {
    this.heard.push(String(result))
    this.#events.emit('heard')
  }

  lost(): void {
    this.#events.emit('error', new Error('the feed was lost'))
  }

  async until(count: number): Promise<void> {
    const signal = AbortSignal.timeout(20_000)
    while (this.heard.length < count) await once(this.#events, 'heard', { signal })
  }
}
