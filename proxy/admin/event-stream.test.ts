import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { EventStream } from './event-stream.ts'

test('all who listen get the same events, each made once', async (t: TestContext) => {
  const { events, listen, tick, asked } = await running(t)
  const [first, second] = [await listen(), await listen()]
  t.assert.equal(events.listeners, 2)
  t.assert.equal(await nextEvent(first), 'data: event 1\n\n')
  t.assert.equal(await nextEvent(second), 'data: event 2\n\n')
  tick()
  t.assert.equal(await nextEvent(first), 'data: event 3\n\n')
  t.assert.equal(await nextEvent(second), 'data: event 3\n\n')
  t.assert.equal(asked(), 3)
})

test('while nobody listens nothing is made', async (t: TestContext) => {
  const { listen, tick, asked, responses } = await running(t)
  tick()
  t.assert.equal(asked(), 0)
  const listener = await listen()
  listener.destroy()
  await Promise.all(responses.map((response) => once(response, 'close')))
  tick()
  t.assert.equal(asked(), 1)
})

test('who does not read misses events, is cut off after 40, and keeps nobody waiting', async (t: TestContext) => {
  const big = 'x'.repeat(2 ** 20)
  const { listen, tick, responses, events } = await running(t, () => big)
  const idle = await listen()
  idle.pause()
  const reader = await listen()
  reader.resume()
  const [idleResponse, readerResponse] = responses
  if (!idleResponse || !readerResponse) throw new Error('nobody listens')
  let ticks = 0
  // The kernel takes some MB off us for a socket that is not read; only then do events wait here.
  while (!idleResponse.destroyed && ticks < 200) {
    ticks += 1
    tick()
    if (readerResponse.writableNeedDrain) await once(readerResponse, 'drain')
  }
  t.assert.ok(ticks > 40)
  t.assert.ok(idleResponse.destroyed)
  t.assert.ok(!readerResponse.destroyed)
  t.assert.equal(events.listeners, 1)
})

test('a snapshot that fails is reported and the next one is sent', async (t: TestContext) => {
  let isBroken = false
  const { listen, tick, failures } = await running(t, () => {
    if (isBroken) throw new Error('broken')
    return 'well'
  })
  const listener = await listen()
  t.assert.equal(await nextEvent(listener), 'data: well\n\n')
  isBroken = true
  tick()
  isBroken = false
  tick()
  t.assert.equal(await nextEvent(listener), 'data: well\n\n')
  t.assert.equal(failures.length, 1)
})

test('no more listen than there is room for', async (t: TestContext) => {
  const { events, listen } = await running(t)
  for (let i = 0; i < 32; i += 1) {
    t.assert.ok(!events.isFull)
    await listen()
  }
  t.assert.ok(events.isFull)
})

/** A stream behind a real server; its clock goes on by `tick`, one interval at a time. */
async function running(t: TestContext, make?: () => string) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let made = 0
  const failures: unknown[] = []
  const responses: ServerResponse[] = []
  const next = () => {
    made += 1
    return make === undefined ? `event ${made}` : make()
  }
  const events = new EventStream({ intervalMs: 250, next, failed: (error) => failures.push(error) })
  const server = createServer((_request, response) => {
    responses.push(response)
    events.add(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    events.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const listen = async (): Promise<IncomingMessage> => {
    const [answer] = await once(
      request({ port, host: '127.0.0.1', agent: false }).end(),
      'response',
    )
    answer.on('error', () => {}) // Cut off is what some of these are about.
    return answer
  }
  return {
    events,
    failures,
    listen,
    responses,
    asked: () => made,
    tick: () => t.mock.timers.tick(250),
  }
}

async function nextEvent(stream: IncomingMessage): Promise<string> {
  for (;;) {
    const chunk = stream.read()
    if (chunk !== null) return chunk.toString()
    await once(stream, 'readable')
  }
}
