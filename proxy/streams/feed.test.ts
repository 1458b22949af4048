import { type TestContext, test } from 'node:test'
import { fleetOf, socketsOf } from '../test/streaming-fleet.ts'
import { StreamingNode } from '../test/streaming-node.ts'
import { Feed, type Listener } from './feed.ts'

test('every listener hears the same, each from when it began to listen', async (t: TestContext) => {
  const [node] = await nodes(t, 1)
  const feed = feedOf(t, [node])
  const first = new Ear()
  feed.add(first)
  await feed.start()
  node.announce(1)
  await first.until(1)
  const second = new Ear()
  feed.add(second)
  node.announce(2)
  await Promise.all([first.until(2), second.until(1)])
  t.assert.deepEqual(first.heard, ['{"number":"0x1"}', '{"number":"0x2"}'])
  t.assert.deepEqual(second.heard, ['{"number":"0x2"}'])
  t.assert.equal(node.subscriptions.size, 1)
})

test('the last listener to leave ends it at the node', async (t: TestContext) => {
  const [node] = await nodes(t, 1)
  let ends = 0
  const feed = feedOf(t, [node], () => {
    ends += 1
  })
  const [first, second] = [new Ear(), new Ear()]
  feed.add(first)
  feed.add(second)
  await feed.start()
  feed.remove(first)
  t.assert.equal(ends, 0)
  feed.remove(second)
  t.assert.equal(ends, 1)
  await node.until(() => node.subscriptions.size === 0)
})

test('one that everybody left before the node answered ends all the same', async (t: TestContext) => {
  const [node] = await nodes(t, 1)
  const feed = feedOf(t, [node])
  const ear = new Ear()
  feed.add(ear)
  const started = feed.start()
  feed.remove(ear)
  await started
  await node.until(() => node.subscriptionsEver === 1 && node.subscriptions.size === 0)
})

test('when its node is lost it goes on at another one', async (t: TestContext) => {
  const [first, second] = await nodes(t, 2)
  const feed = feedOf(t, [first, second])
  const ear = new Ear()
  feed.add(ear)
  await feed.start()
  first.announce(1)
  await ear.until(1)
  await first.stop()
  await second.until(() => second.subscriptions.size === 1)
  second.announce(2)
  await ear.until(2)
  t.assert.deepEqual(ear.heard, ['{"number":"0x1"}', '{"number":"0x2"}'])
})

test('a node that cannot be reached is passed over', async (t: TestContext) => {
  const [dead, alive] = await nodes(t, 2)
  await dead.stop()
  const feed = feedOf(t, [dead, alive])
  feed.add(new Ear())
  t.assert.equal((await feed.start()).kind, 'result')
  t.assert.equal(alive.subscriptions.size, 1)
})

test('a refusal of the node ends it, and is the answer', async (t: TestContext) => {
  const [node] = await nodes(t, 1)
  node.refuses = true
  let ends = 0
  const feed = feedOf(t, [node], () => {
    ends += 1
  })
  const { kind, body, start, end } = await feed.start()
  t.assert.equal(kind, 'error')
  t.assert.match(body.toString('utf8', start, end), /^\{"code":-32601,/)
  t.assert.equal(ends, 1)
})

test('listeners are told when no node goes on with it: silence would look like peace', async (t: TestContext) => {
  const [first, second] = await nodes(t, 2)
  const feed = feedOf(t, [first, second])
  const ear = new Ear()
  feed.add(ear)
  await feed.start()
  second.refuses = true
  await first.stop()
  await ear.untilLost()
})

test('where no node can be reached it does not begin', async (t: TestContext) => {
  const [node] = await nodes(t, 1)
  await node.stop()
  const feed = feedOf(t, [node])
  await t.assert.rejects(feed.start(), { code: 'UPSTREAM_UNREACHABLE' })
  await t.assert.rejects(feedOf(t, []).start(), { code: 'NO_UPSTREAM' })
})

async function nodes(t: TestContext, count: 1): Promise<[StreamingNode]>
async function nodes(t: TestContext, count: 2): Promise<[StreamingNode, StreamingNode]>
async function nodes(t: TestContext, count: number): Promise<StreamingNode[]> {
  return await Promise.all(Array.from({ length: count }, () => StreamingNode.start(t)))
}

function feedOf(t: TestContext, at: readonly StreamingNode[], onEnd = (): void => {}): Feed {
  const fleet = fleetOf(
    t,
    at.map(({ url }) => url),
  )
  return new Feed('eth_subscribe', '["newHeads"]', fleet, socketsOf(t), onEnd)
}

class Ear implements Listener {
  readonly heard: string[] = []
  readonly #lost = Promise.withResolvers<void>()
  #onHeard = (): void => {}

  next(result: Buffer): void {
    this.heard.push(String(result))
    this.#onHeard()
  }

  lost(): void {
    this.#lost.resolve()
  }

  untilLost(): Promise<void> {
    return this.#lost.promise
  }

  async until(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onHeard = () => {
        if (this.heard.length >= count) resolve()
      }
      this.#onHeard()
    })
  }
}
