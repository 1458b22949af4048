import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { CutOff, Push } from '../exchange.ts'
import { type Message, parseCalls } from '../rpc/call.ts'
import { fleetOf, socketsOf } from '../test/streaming-fleet.ts'
import { StreamingNode } from '../test/streaming-node.ts'
import { Streams } from './streams.ts'
import type { Subscriptions } from './subscriptions.ts'

test('clients that want the same share one subscription of the node', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const clients = [new Client(), new Client(), new Client()]
  const wanted = [
    '["logs",{"address":"0x 1"}]',
    ' [ "logs" , {"address" : "0x 1"} ]\n',
    '["logs",{"address":"0x1"}]',
  ]
  const ids = await Promise.all(
    clients.map((client, i) => subscribe(subscriptions, client, `eth_subscribe`, wanted[i])),
  )
  t.assert.equal(new Set(ids).size, 3)
  t.assert.deepEqual(subscriptions.load, { clients: 3, feeds: 2 })
  t.assert.equal(node.subscriptions.size, 2)
})

test('what is not the same for everybody is not shared', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const params = '["someSubscription",1,5]'
  const clients = [new Client(), new Client()]
  for (const client of clients) {
    const id = await subscribe(subscriptions, client, 'nftest_subscribe', params)
    await client.until(1)
    t.assert.deepEqual(client.said, [
      `{"jsonrpc":"2.0","method":"nftest_subscription","params":{"subscription":"${id}","result":5}}`,
    ])
  }
  t.assert.equal(node.subscriptions.size, 2)
})

test('an id is a quantity of at most 128 bits', async (t: TestContext) => {
  const { subscriptions } = await begin(t)
  const client = new Client()
  for (let i = 0; i < 100; i += 1) {
    const id = await subscribe(subscriptions, client, 'eth_subscribe', '["newHeads"]')
    t.assert.match(id, /^0x[1-9a-f][0-9a-f]{0,31}$/)
  }
})

test('nothing is told before the answer is out, and then all of it in order', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const client = new Client()
  const listening = new Client()
  await subscribe(subscriptions, listening, 'eth_subscribe', '["newHeads"]')
  const { activate } = await subscriptions.subscribe(
    message('eth_subscribe', '["newHeads"]'),
    client,
  )
  for (let number = 1; number <= 3; number += 1) node.announce(number)
  await listening.until(3)
  t.assert.deepEqual(client.said, [])
  activate()
  node.announce(4)
  await client.until(4)
  const numbers = client.said.map((said) => JSON.parse(said).params.result.number)
  t.assert.deepEqual(numbers, ['0x1', '0x2', '0x3', '0x4'])
})

test('a subscription ends once, by whichever namespace', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const client = new Client()
  const id = await subscribe(subscriptions, client, 'eth_subscribe', '["newHeads"]')
  const unsubscribe = () =>
    String(subscriptions.unsubscribe(message('other_unsubscribe', `["${id}"]`), client)[0])
  t.assert.equal(unsubscribe(), '{"jsonrpc":"2.0","id":1,"result":true}')
  t.assert.match(unsubscribe(), /"code":-32000,"message":"subscription not found"/)
  await node.until(() => node.subscriptions.size === 0)
  t.assert.deepEqual(subscriptions.load, { clients: 0, feeds: 0 })
})

test('whose connection was ended for being slow is counted, and its subscriptions by kind', async (t: TestContext) => {
  const { subscriptions } = await begin(t)
  const client = new Client()
  await subscribe(subscriptions, client, 'eth_subscribe', '["newHeads"]')
  await subscribe(subscriptions, client, 'nftest_subscribe', '["someSubscription",1,5]')
  t.assert.equal(new Map(subscriptions.live).get('newHeads'), 1)
  t.assert.equal(new Map(subscriptions.live).get('other'), 1)
  client.cutOff('slow')
  subscriptions.endAll(client)
  t.assert.equal(new Map(subscriptions.live).get('newHeads'), 0)
  t.assert.deepEqual(
    new Map(subscriptions.cutOff),
    new Map([
      ['slow', 1],
      ['gap', 0],
    ]),
  )
  subscriptions.endAll(new Client())
  t.assert.equal(new Map(subscriptions.cutOff).get('slow'), 1)
})

test('nobody can end the subscription of another', async (t: TestContext) => {
  const { subscriptions } = await begin(t)
  const id = await subscribe(subscriptions, new Client(), 'eth_subscribe', '["newHeads"]')
  const answer = subscriptions.unsubscribe(message('eth_unsubscribe', `["${id}"]`), new Client())
  t.assert.match(String(answer[0]), /subscription not found/)
  t.assert.equal(subscriptions.load.clients, 1)
})

test('a client that goes leaves nothing behind, even while it subscribes', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const client = new Client()
  await subscribe(subscriptions, client, 'eth_subscribe', '["newHeads"]')
  const pending = subscriptions.subscribe(message('eth_subscribe', '["logs",{}]'), client)
  client.isGone = true
  subscriptions.endAll(client)
  await pending
  await node.until(() => node.subscriptions.size === 0)
  t.assert.deepEqual(subscriptions.load, { clients: 0, feeds: 0 })
  const late = await subscriptions.subscribe(message('eth_subscribe', '["newHeads"]'), client)
  t.assert.match(String(late.answer[0]), /connection closed/)
  t.assert.equal(client.subscriptions.size, 0)
})

test('without a node nobody is subscribed', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  await node.stop()
  const client = new Client()
  const { answer } = await subscriptions.subscribe(message('eth_subscribe', '["newHeads"]'), client)
  t.assert.match(String(answer[0]), /"code":-32603,"message":"service unavailable"/)
  t.assert.deepEqual(subscriptions.load, { clients: 0, feeds: 0 })
  t.assert.equal(client.subscriptions.size, 0)
})

test('params that name no subscription are refused here', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const { answer } = await subscriptions.subscribe(message('eth_subscribe', '[1]'), new Client())
  t.assert.match(String(answer[0]), /"code":-32602,"message":"expected subscription name as first/)
  t.assert.equal(node.webSocketsEver, 0)
})

test('a client has ten thousand subscriptions at most, counted as they are asked for', async (t: TestContext) => {
  const { subscriptions, node } = await begin(t)
  const client = new Client()
  const asked = Array.from({ length: 10_001 }, () =>
    subscriptions.subscribe(message('eth_subscribe', '["newHeads"]'), client),
  )
  const answers = await Promise.all(asked)
  t.assert.match(String(answers[10_000]?.answer[0]), /"code":-32005,"message":"limit exceeded"/)
  t.assert.equal(subscriptions.load.clients, 10_000)
  t.assert.equal(node.subscriptions.size, 1)
})

async function begin(t: TestContext) {
  const node = await StreamingNode.start(t)
  const fleet = fleetOf(t, [node.url])
  // No block was seen yet: all is told by nodes.
  const nobody = { mayHold: () => false, onChange() {}, onHeader: null }
  const options = { folder: null, onError: t.assert.ifError }
  const streams = new Streams(fleet, nobody, socketsOf(t), systemClock, options)
  t.after(() => streams.close())
  return { node, subscriptions: streams.subscriptions }
}

/** Subscribes, and sends the answer at once. Gives the id. */
async function subscribe(
  subscriptions: Subscriptions,
  client: Client,
  method: string,
  params = '[]',
): Promise<string> {
  const { answer, activate } = await subscriptions.subscribe(message(method, params), client)
  activate()
  return JSON.parse(String(answer[0])).result
}

function message(method: string, params: string): Message {
  const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`
  const parsed = parseCalls(Buffer.from(body))
  if (parsed.kind !== 'single') throw new TypeError(parsed.kind)
  return parsed.message
}

class Client implements Push {
  readonly subscriptions = new Map<string, () => void>()
  readonly said: string[] = []
  isGone = false
  cutOffFor: CutOff | null = null
  #onSaid = (): void => {}

  push(bytes: Buffer): void {
    this.said.push(String(bytes))
    this.#onSaid()
  }

  cutOff(why: CutOff): void {
    this.cutOffFor = why
    this.isGone = true
  }

  async until(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSaid = () => {
        if (this.said.length >= count) resolve()
      }
      this.#onSaid()
    })
  }
}
