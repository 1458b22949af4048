import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Exchange, Push } from '../exchange.ts'
import type { Answer } from '../rpc/answer.ts'
import type { Parsed } from '../rpc/call.ts'
import { IpcSide } from './ipc.ts'

test('the file is its owner’s alone, in a folder made for it, and goes with the server', async (t: TestContext) => {
  const path = join(folder(t), 'made', 'for', 'it.ipc')
  const { side } = await begin(t, path)
  t.assert.equal(statSync(path).mode & 0o777, 0o600)
  t.assert.ok(statSync(path).isSocket())
  await side.close()
  t.assert.equal(existsSync(path), false)
})

test('values follow one another, and each answer ends in a newline', async (t: TestContext) => {
  const { path } = await begin(t)
  const client = await Client.open(t, path)
  client.socket.write('{"id":1}{"id":2}[]')
  t.assert.deepEqual(await client.lines(3), ['{"id":1}', '{"id":2}', '[]'])
  client.socket.write('{"id"')
  client.socket.write(':3}')
  t.assert.deepEqual(await client.lines(1), ['{"id":3}'])
})

test('who ends its side still gets its answers, and then the end', async (t: TestContext) => {
  const { path } = await begin(t)
  const client = await Client.open(t, path)
  client.socket.end('{"id":1} 7')
  t.assert.deepEqual(await client.lines(2), ['{"id":1}', '7'])
  await client.ended
})

test('broken JSON is told, and ends the connection once all is answered', async (t: TestContext) => {
  const { path } = await begin(t)
  const client = await Client.open(t, path)
  client.socket.write('{"id":1}\'x{}')
  const [first, second] = await client.lines(2)
  t.assert.match(first ?? '', /"code":-32700,"message":"invalid character '\\\\'' looking for/)
  t.assert.equal(second, '{"id":1}')
  await client.ended
})

test('all that a client had ends when it goes, at the latest with its last answer', async (t: TestContext) => {
  const { path, held, gone } = await begin(t)
  const idle = await Client.open(t, path)
  idle.socket.destroy()
  await gone.next()
  const waiting = await Client.open(t, path)
  waiting.socket.write('{"hold":1}')
  const { exchange, answer } = await held.promise
  // It may have ended its side alone and still listen: nothing but an answer can tell.
  waiting.socket.destroy()
  answer([Buffer.from('late')])
  t.assert.equal(await gone.next(), exchange.push)
})

test('a file that a crash left is replaced', async (t: TestContext) => {
  const path = join(folder(t), 'left.ipc')
  const crashed = createServer().listen(`${path}.other`)
  await once(crashed, 'listening')
  // At its end it removes the name that it knows.
  renameSync(`${path}.other`, path)
  crashed.close()
  await once(crashed, 'close')
  t.assert.ok(existsSync(path))
  await begin(t, path)
  const client = await Client.open(t, path)
  client.socket.write('{}')
  t.assert.deepEqual(await client.lines(1), ['{}'])
})

test('a file that somebody listens on, or that is no socket, is let be', async (t: TestContext) => {
  const { path } = await begin(t)
  await t.assert.rejects(begin(t, path), { code: 'EADDRINUSE' })
  const client = await Client.open(t, path)
  client.socket.write('{}')
  t.assert.deepEqual(await client.lines(1), ['{}'])
  const other = join(folder(t), 'notes.txt')
  writeFileSync(other, 'kept')
  await t.assert.rejects(begin(t, other), { code: 'EADDRINUSE' })
  t.assert.equal(statSync(other).size, 4)
})

test('an end of the server ends its clients', async (t: TestContext) => {
  const { path, side } = await begin(t)
  const client = await Client.open(t, path)
  await side.close()
  await client.ended
})

/** A server that answers each value with itself, and holds what asks for it. */
async function begin(t: TestContext, path = join(folder(t), 'it.ipc')) {
  const held = Promise.withResolvers<Held>()
  const gone = new Gone()
  const answer = async (parsed: Parsed, exchange: Exchange): Promise<Answer> => {
    if (parsed.kind === 'batch') return [Buffer.from('[]')]
    const text = parsed.kind === 'single' ? parsed.message.body : Buffer.from(parsed.kind)
    if (!text.includes('hold')) return [text]
    return await new Promise((resolve) => held.resolve({ exchange, answer: resolve }))
  }
  const clock = { nowMs: () => 0 }
  const endAll = (push: Push): void => gone.add(push)
  const side = new IpcSide({ path, maxQueuedBytes: 1_000_000 }, answer, endAll, clock)
  t.after(() => side.close())
  await side.listen()
  return { path, side, held, gone }
}

type Held = { readonly exchange: Exchange; readonly answer: (answer: Answer) => void }

/** Clients that are gone, in the order in which they went. */
class Gone {
  readonly #unread: Push[] = []
  #onAdd = (): void => {}

  add(push: Push): void {
    this.#unread.push(push)
    this.#onAdd()
  }

  async next(): Promise<Push | undefined> {
    await new Promise<void>((resolve) => {
      this.#onAdd = () => {
        if (this.#unread.length > 0) resolve()
      }
      this.#onAdd()
    })
    return this.#unread.shift()
  }
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'equipoise-ipc-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

class Client {
  readonly socket: Socket
  readonly ended: Promise<unknown>
  #text = ''
  #onText = (): void => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.ended = once(socket, 'close')
    socket.on('data', (chunk) => {
      this.#text += String(chunk)
      this.#onText()
    })
  }

  static async open(t: TestContext, path: string): Promise<Client> {
    const client = new Client(connect(path))
    t.after(() => client.socket.destroy())
    await once(client.socket, 'connect')
    return client
  }

  async lines(count: number): Promise<string[]> {
    await new Promise<void>((resolve) => {
      this.#onText = () => {
        if (this.#text.split('\n').length > count) resolve()
      }
      this.#onText()
    })
    const lines = this.#text.split('\n')
    this.#text = lines.slice(count).join('\n')
    return lines.slice(0, count)
  }
}
