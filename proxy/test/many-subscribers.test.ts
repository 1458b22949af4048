import { once } from 'node:events'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { nodeOf, runningProxy } from './running-proxy.ts'
import { StreamingNode } from './streaming-node.ts'

const subscribers = 1_000
const heads = 20
const callers = 200
/** By which the proxy follows the node's head, on the same connection. */
const ofProxy = 1

test('a thousand subscribers cost their node one subscription on one connection', async (t: TestContext) => {
  const node = await StreamingNode.start(t)
  const proxy = await runningProxy(t, ['--node', node.url])
  const clients: Subscriber[] = []
  t.after(() => {
    for (const { socket } of clients) socket.terminate()
  })
  while (clients.length < subscribers) {
    const opened = Array.from({ length: 50 }, () => Subscriber.open(proxy.url))
    clients.push(...(await Promise.all(opened)))
  }
  t.assert.equal(node.subscriptions.size, 1 + ofProxy)
  t.assert.equal(new Set(clients.map(({ id }) => id)).size, subscribers)

  await announce(node, clients, 1, heads)
  const expected = Array.from({ length: heads }, (_, i) => i + 1)
  for (const { numbers } of clients) t.assert.deepEqual(numbers, expected)

  const [staying, leaving] = [clients.slice(subscribers / 2), clients.slice(0, subscribers / 2)]
  // Half of those say goodbye, the others are just gone.
  for (const [i, client] of leaving.entries()) {
    if (i % 2 === 0) await client.unsubscribe()
    else client.socket.terminate()
  }
  await announce(node, staying, heads + 1, 1)
  for (const { numbers } of staying) t.assert.equal(numbers.at(-1), heads + 1)
  t.assert.equal(node.subscriptions.size, 1 + ofProxy)

  for (const { socket } of staying) socket.close()
  await node.until(() => node.subscriptions.size === ofProxy)
  t.assert.equal(node.webSocketsEver, 1)
  for (const { numbers } of leaving) t.assert.deepEqual(numbers, expected)
})

test('two hundred callers cut off in mid-answer leave nothing at the node', async (t: TestContext) => {
  const node = await StreamingNode.start(t)
  const proxy = await runningProxy(t, ['--node', `slow=${node.url}`, '--http.api', 'test'])
  const body = '{"jsonrpc":"2.0","id":1,"method":"test_sleep","params":[1]}'
  const asked = Array.from({ length: callers }, () => {
    const call = request(proxy.url, {
      agent: false,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    })
    // Each of them ends in an error: it is cut off.
    call.on('error', () => {})
    call.end(body)
    return call
  })
  await node.until(() => node.held.size === callers)
  t.assert.equal(nodeOf(await proxy.fleet(), 'slow').inFlight, callers)
  for (const call of asked) call.destroy()
  await node.until(() => node.held.size === 0)
  const { errors } = await proxy.untilNode('slow', ({ inFlight }) => inFlight === 0)
  t.assert.equal(errors, 0)
  // What is left are the connections of the health check and of who follows the head.
  await node.until(() => node.sockets.size <= 3)
})

/** Announces heads and waits until every client has heard of the last. */
async function announce(
  node: StreamingNode,
  clients: readonly Subscriber[],
  first: number,
  count: number,
): Promise<void> {
  const heard = Promise.all(clients.map((client) => client.until(first + count - 1)))
  for (let i = 0; i < count; i += 1) node.announce(first + i)
  await heard
}

class Subscriber {
  readonly socket: WebSocket
  /** Block numbers it was told, in the order in which it was. */
  readonly numbers: number[] = []
  id = ''
  #onNumber = (): void => {}

  private constructor(socket: WebSocket) {
    this.socket = socket
  }

  static async open(url: string): Promise<Subscriber> {
    const client = new Subscriber(new WebSocket(url.replace(/^http/, 'ws')))
    await once(client.socket, 'open')
    client.id = await client.#ask('eth_subscribe', 'newHeads')
    client.socket.on('message', (data) => {
      const { params } = JSON.parse(String(data))
      if (params?.subscription !== client.id) return
      client.numbers.push(Number(params.result.number))
      client.#onNumber()
    })
    return client
  }

  async unsubscribe(): Promise<void> {
    if ((await this.#ask('eth_unsubscribe', this.id)) !== true) throw new Error('not unsubscribed')
  }

  async until(number: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onNumber = () => {
        if (this.numbers.at(-1) === number) resolve()
      }
    })
  }

  async #ask(method: string, param: string) {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [param] }))
    const [data] = await once(this.socket, 'message')
    return JSON.parse(String(data)).result
  }
}
