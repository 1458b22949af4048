import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Reply } from '../rpc/reply.ts'
import { NodeSocket, type SubscriptionSink } from './node-socket.ts'

test('answers find who asked, in whatever order they come', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const asked = ['a', 'b', 'c'].map((name) => socket.request(`x_${name}`, '[]'))
  const calls = await node.calls(3)
  for (const { id, method } of calls.toReversed()) node.say(`{"id":${id},"result":"${method}"}`)
  t.assert.deepEqual((await Promise.all(asked)).map(textOf), ['"x_a"', '"x_b"', '"x_c"'])
  t.assert.equal(node.connections, 1)
  t.assert.deepEqual(socket.load, { pending: 0, subscriptions: 0 })
})

test('an error is an answer', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const asked = socket.request('x_a', '[]')
  const [call] = await node.calls(1)
  node.say(`{"jsonrpc":"2.0","id":${call?.id},"error":{"code":1,"message":"no"}}`)
  const reply = await asked
  t.assert.equal(reply.kind, 'error')
  t.assert.equal(textOf(reply), '{"code":1,"message":"no"}')
})

test('params go out as they are', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  socket.request('x_a', '[ 1e400,"\\u0061",{"b":1,"b":2}]').catch(() => {})
  const [call] = await node.calls(1)
  t.assert.ok(call?.text.endsWith(',"method":"x_a","params":[ 1e400,"\\u0061",{"b":1,"b":2}]}'))
})

test('a notification right behind the answer is not missed', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const heard = new Heard()
  const asked = socket.request('eth_subscribe', '["newHeads"]', heard)
  const [call] = await node.calls(1)
  node.say(`{"jsonrpc":"2.0","id":${call?.id},"result":"0xa"}`)
  node.say(notification('0xa', '{"number":"0x1"}'))
  await asked
  await heard.until(1)
  t.assert.deepEqual(heard.results, ['{"number":"0x1"}'])
})

test('a notification goes to its subscriber alone, byte for byte', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const [one, other] = [new Heard(), new Heard()]
  const asked = [one, other].map((heard) => socket.request('eth_subscribe', '[]', heard))
  const calls = await node.calls(2)
  calls.forEach(({ id }, i) => {
    node.say(`{"id":${id},"result":"0x${i}"}`)
  })
  await Promise.all(asked)
  node.say(notification('0x1', '{ "a":1.0, "\\u0061": 1e2 }'))
  node.say(notification('0x9', '"nobody’s"'))
  node.say(notification('0x0', '[]'))
  await Promise.all([one.until(1), other.until(1)])
  t.assert.deepEqual(one.results, ['[]'])
  t.assert.deepEqual(other.results, ['{ "a":1.0, "\\u0061": 1e2 }'])
})

test('what was unsubscribed is heard no more, and the node is told', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const [heard, witness] = [new Heard(), new Heard()]
  const asked = [heard, witness].map((each) => socket.request('eth_subscribe', '[]', each))
  const calls = await node.calls(2)
  calls.forEach(({ id }, i) => {
    node.say(`{"id":${id},"result":"0x${i}"}`)
  })
  await Promise.all(asked)
  socket.unsubscribe('eth_unsubscribe', '0x0')
  const [told] = await node.calls(1)
  t.assert.ok(told?.text.endsWith('"method":"eth_unsubscribe","params":["0x0"]}'))
  node.say(notification('0x0', '1'))
  node.say(notification('0x1', '2'))
  await witness.until(1)
  t.assert.deepEqual(heard.results, [])
  t.assert.equal(socket.load.subscriptions, 1)
})

test('an end of the connection fails what waits, tells subscribers, and the next request opens another', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const heard = new Heard()
  const subscribed = socket.request('eth_subscribe', '[]', heard)
  const [call] = await node.calls(1)
  node.say(`{"id":${call?.id},"result":"0x1"}`)
  await subscribed
  const waiting = socket.request('x_a', '[]')
  await node.calls(1)
  node.cut()
  await t.assert.rejects(waiting, { code: 'UPSTREAM_UNREACHABLE', upstream: 'n' })
  await heard.untilLost()
  t.assert.deepEqual(socket.load, { pending: 0, subscriptions: 0 })
  const again = socket.request('x_b', '[]')
  const [next] = await node.calls(1)
  node.say(`{"id":${next?.id},"result":1}`)
  t.assert.equal(textOf(await again), '1')
  t.assert.equal(node.connections, 2)
})

test('without a node a request fails', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  await node.close()
  await t.assert.rejects(socket.request('x_a', '[]'), { code: 'UPSTREAM_UNREACHABLE' })
})

test('a request without an answer fails after half a minute, and a late answer is nobody’s', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const first = socket.request('x_a', '[]')
  const [call] = await node.calls(1)
  node.say(`{"id":${call?.id},"result":1}`)
  await first
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const late = socket.request('x_b', '[]')
  const failed = t.assert.rejects(late, { code: 'UPSTREAM_TIMEOUT' })
  const [slow] = await node.calls(1)
  t.mock.timers.tick(30_000)
  await failed
  const next = socket.request('x_c', '[]')
  const [quick] = await node.calls(1)
  node.say(`{"id":${slow?.id},"result":"late"}`)
  node.say(`{"id":${quick?.id},"result":"mine"}`)
  t.assert.equal(textOf(await next), '"mine"')
})

test('a node that shows no sign of life between two pings is given up', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { node, socket } = await begin(t, false)
  const waiting = socket.request('x_a', '[]')
  const failed = t.assert.rejects(waiting, { code: 'UPSTREAM_UNREACHABLE' })
  await node.calls(1)
  const pinged = node.pinged()
  t.mock.timers.tick(10_000)
  await pinged
  t.mock.timers.tick(10_000)
  await failed
})

test('once closed it opens no more, and what was opening ends', async (t: TestContext) => {
  const { node, socket } = await begin(t)
  const opening = t.assert.rejects(socket.request('x_a', '[]'), { code: 'UPSTREAM_UNREACHABLE' })
  await socket.close()
  await opening
  await t.assert.rejects(socket.request('x_b', '[]'), { code: 'UPSTREAM_UNREACHABLE' })
  await node.untilAlone()
})

async function begin(t: TestContext, autoPong = true) {
  const node = await ScriptedNode.start(t, autoPong)
  const socket = new NodeSocket('n', node.url)
  t.after(() => socket.close())
  return { node, socket }
}

function notification(subscription: string, result: string): string {
  const params = `{"subscription":"${subscription}","result":${result}}`
  return `{"jsonrpc":"2.0","method":"eth_subscription","params":${params}}`
}

function textOf({ body, start, end }: Reply): string {
  return body.toString('utf8', start, end)
}

class Heard implements SubscriptionSink {
  readonly results: string[] = []
  readonly #lost = Promise.withResolvers<void>()
  #onNext = (): void => {}

  next(result: Buffer): void {
    this.results.push(String(result))
    this.#onNext()
  }

  lost(): void {
    this.#lost.resolve()
  }

  untilLost(): Promise<void> {
    return this.#lost.promise
  }

  async until(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onNext = () => {
        if (this.results.length >= count) resolve()
      }
      this.#onNext()
    })
  }
}

type Call = { readonly id: number; readonly method: string; readonly text: string }

/** A node that says what a test says. */
class ScriptedNode {
  connections = 0
  readonly #server: WebSocketServer
  readonly #unread: Call[] = []
  #onChange = (): void => {}

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (client) => {
      this.connections += 1
      client.on('close', () => this.#onChange())
      client.on('message', (data) => {
        this.#unread.push({ ...JSON.parse(String(data)), text: String(data) })
        this.#onChange()
      })
    })
  }

  static async start(t: TestContext, autoPong: boolean): Promise<ScriptedNode> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong })
    await once(server, 'listening')
    const node = new ScriptedNode(server)
    t.after(() => node.close())
    return node
  }

  get url(): URL {
    return new URL(`ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`)
  }

  /** The next calls that come, in order. */
  async calls(count: number): Promise<Call[]> {
    await this.#until(() => this.#unread.length >= count)
    return this.#unread.splice(0, count)
  }

  say(text: string): void {
    this.#client.send(text)
  }

  cut(): void {
    this.#client.terminate()
  }

  async pinged(): Promise<void> {
    await once(this.#client, 'ping')
  }

  async untilAlone(): Promise<void> {
    await this.#until(() => this.#server.clients.size === 0)
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get #client(): WebSocket {
    const client = [...this.#server.clients].at(-1)
    if (client === undefined) throw new Error('nobody is there')
    return client
  }

  async #until(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (isSo()) resolve()
      }
      this.#onChange()
    })
  }
}
