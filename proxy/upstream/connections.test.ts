import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { AnswerControl, AnswerHandler } from './connection.ts'
import { Connections } from './connections.ts'

const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n'

test('one after another, requests share a connection', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 8, (socket) => socket.write(`${head}\r\na`))
  for (let i = 0; i < 5; i += 1) t.assert.equal(await ask(connections).body, 'a')
  t.assert.equal(sockets.length, 1)
})

test('no more connections than were allowed, and what waits for one is sent in its turn', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 2, (socket) => socket.write(`${head}\r\na`))
  const answers = Array.from({ length: 50 }, () => ask(connections).body)
  t.assert.deepEqual(new Set(await Promise.all(answers)), new Set(['a']))
  t.assert.equal(sockets.length, 2)
})

test('what is given up while it waits is never sent and costs no connection', async (t: TestContext) => {
  let requests = 0
  const { connections, sockets } = await toNode(t, 1, (socket) => {
    requests += 1
    socket.write(`${head}\r\na`)
  })
  const first = ask(connections)
  const left = Array.from({ length: 20_000 }, () => ask(connections, new Error('left')))
  const last = ask(connections)
  t.assert.deepEqual([await first.body, await last.body], ['a', 'a'])
  const outcomes = await Promise.allSettled(left.map(({ body }) => body))
  t.assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  t.assert.deepEqual([requests, sockets.length], [2, 1])
})

test('a write is not sent on a connection that the node has ended', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 8, (socket) => socket.write(`${head}\r\na`))
  await ask(connections).body
  const [socket] = sockets
  const ended = socket === undefined ? null : once(socket, 'close')
  socket?.end()
  await ended
  const write = new Asked(null)
  connections.dispatch(Buffer.from('{}'), false, write)
  t.assert.equal(await write.body, 'a')
  t.assert.equal(sockets.length, 2)
})

test('a connection that the node will soon end is not used', async (t: TestContext) => {
  const answer = `${head}Keep-Alive: timeout=1\r\n\r\na`
  const { connections, sockets } = await toNode(t, 8, (socket) => socket.write(answer))
  await ask(connections).body
  await ask(connections).body
  t.assert.equal(sockets.length, 2)
})

test('an answer that came before its request was read ends the connection', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 8, (socket) => {
    socket.pause()
    socket.write(`${head}\r\na`)
  })
  const large = new Asked(null)
  connections.dispatch(Buffer.alloc(30_000_000), true, large)
  t.assert.equal(await large.body, 'a')
  t.assert.equal(await ask(connections).body, 'a')
  t.assert.equal(sockets.length, 2)
})

test('one that was paused at its end can be used again', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 1, (socket) => socket.write(`${head}\r\na`))
  const held = new Asked(null)
  held.onData = (control) => control.pause()
  connections.dispatch(Buffer.from('{}'), true, held)
  await held.body
  t.assert.equal(await ask(connections).body, 'a')
  t.assert.equal(sockets.length, 1)
})

test('who has its answer has no more power over the connection', async (t: TestContext) => {
  const { connections, sockets } = await toNode(t, 1, (socket) => socket.write(`${head}\r\na`))
  const past: AnswerControl[] = []
  const first = new Asked(null)
  first.onData = (control) => past.push(control)
  connections.dispatch(Buffer.from('{}'), true, first)
  await first.body
  const second = ask(connections)
  for (const control of past) {
    control.pause()
    control.abort(new Error('too late'))
  }
  t.assert.equal(await second.body, 'a')
  t.assert.equal(sockets.length, 1)
})

test('where nobody listens it is said that nothing was sent', async (t: TestContext) => {
  const { connections, url, close } = await toNode(t, 8, () => {})
  await close()
  await t.assert.rejects(ask(connections).body, { code: 'ECONNREFUSED' }, String(url))
})

test('its end is that of all requests, also of those that wait, and nothing begins after it', async (t: TestContext) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const { connections } = await toNode(t, 1, () => resolve())
  const sent = ask(connections)
  const waits = ask(connections)
  const outcomes = Promise.allSettled([sent.body, waits.body])
  await asked
  await connections.close()
  const codes = (await outcomes).map(
    (outcome) => outcome.status === 'rejected' && outcome.reason.code,
  )
  t.assert.deepEqual(codes, ['DESTROYED', 'DESTROYED'])
  await t.assert.rejects(ask(connections).body, { code: 'CLOSED' })
})

/** A node that does `answer` for every request, which must be small. */
async function toNode(t: TestContext, max: number, answer: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const connections = new Connections(url, ['x', 'y'], max, systemClock)
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
  t.after(async () => {
    await connections.close()
    await close()
  })
  return { connections, sockets, url, close }
}

function ask(connections: Connections, abortsWith: Error | null = null): Asked {
  const asked = new Asked(abortsWith)
  connections.dispatch(Buffer.from('{}'), true, asked)
  return asked
}

class Asked implements AnswerHandler {
  readonly #abortsWith: Error | null
  readonly #settled = Promise.withResolvers<string>()
  #body = ''
  onData: (control: AnswerControl) => void = () => {}

  constructor(abortsWith: Error | null) {
    this.#abortsWith = abortsWith
    this.#settled.promise.catch(() => {})
  }

  get body(): Promise<string> {
    return this.#settled.promise
  }

  onRequestStart(control: AnswerControl): void {
    if (this.#abortsWith !== null) control.abort(this.#abortsWith)
  }

  onResponseStart(): void {}

  onResponseData(control: AnswerControl, chunk: Buffer): void {
    this.#body += chunk.toString('latin1')
    this.onData(control)
  }

  onResponseEnd(): void {
    this.#settled.resolve(this.#body)
  }

  onResponseError(_control: AnswerControl | null, error: Error): void {
    this.#settled.reject(error)
  }
}
