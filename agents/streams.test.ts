import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Streams } from './streams.ts'

const patience = { timeout: 20_000 }

/** A reader on a socket that takes nothing until it is told to. */
async function openReader(t: TestContext, streams: Streams): Promise<Socket> {
  const server = createServer((_, response) => streams.add(response, 'first\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await t.waitFor(() => t.assert.equal(streams.count, 1), patience)
  return socket
}

/** Lets a reader take what comes, from now on. */
function collect(socket: Socket): () => string {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  socket.resume()
  return () => text
}

const longLine = `${'x'.repeat(65_536)}\n`

/** Sends until the socket takes no more and lines are dropped. */
function fill(streams: Streams): void {
  for (let i = 0; i < 1000 && streams.droppedLines === 0; i += 1) streams.send(longLine, 0)
}

test('a reader gets the first line and those that follow', async (t: TestContext) => {
  const streams = new Streams()
  const socket = await openReader(t, streams)
  const text = collect(socket)
  streams.send('second\n', 0)
  await t.waitFor(() => t.assert.match(text(), /first\n.*second\n/s), patience)
})

test('lines are dropped for a reader that does not take them, and no more is kept', async (t) => {
  const streams = new Streams()
  await openReader(t, streams)
  fill(streams)
  t.assert.equal(streams.droppedLines, 1)
  t.assert.equal(streams.count, 1)
})

test('a reader that stays behind is cut off', async (t) => {
  const streams = new Streams()
  const socket = await openReader(t, streams)
  fill(streams)
  streams.send(longLine, 9999)
  t.assert.equal(streams.count, 1)
  const closed = once(socket.resume(), 'close')
  streams.send(longLine, 10_000)
  await closed
  await t.waitFor(() => t.assert.equal(streams.count, 0), patience)
})

test('a reader that leaves is forgotten', async (t) => {
  const streams = new Streams()
  const socket = await openReader(t, streams)
  socket.destroy()
  await t.waitFor(() => t.assert.equal(streams.count, 0), patience)
})

test('closing ends every answer', async (t) => {
  const streams = new Streams()
  const text = collect(await openReader(t, streams))
  streams.close()
  await t.waitFor(() => t.assert.match(text(), /first\n\r\n0\r\n\r\n$/), patience)
  t.assert.equal(streams.count, 0)
})
