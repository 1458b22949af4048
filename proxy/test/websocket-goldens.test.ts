import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { runningProxy } from './running-proxy.ts'
import { StreamingNode } from './streaming-node.ts'

const file = new URL('../../../shared/data/geth-golden/ws.json', import.meta.url)

/** A conversation with Geth as it was recorded: `>>` to it, `<<` from it, and how it ended. */
type Transcript = {
  readonly name: string
  readonly events: readonly (readonly [kind: string, text: string | null])[]
}

const transcripts: readonly Transcript[] = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : []

/** Waiting half a minute for a ping is done with a clock of our own, in websocket.test.ts. */
const elsewhere = new Set(['server ping interval'])

test('recorded conversations over WebSocket go as they went with Geth', {
  skip: transcripts.length > 0 ? false : 'the recorded conversations are not here',
}, async (t: TestContext) => {
  const node = await StreamingNode.start(t)
  const flags = ['--http.api', 'test,nftest,other,eth']
  const proxy = await runningProxy(t, ['--node', node.url, ...flags])
  for (const transcript of transcripts) {
    if (elsewhere.has(transcript.name)) continue
    await t.test(transcript.name, async (t: TestContext) => {
      const client = await Client.open(proxy.url)
      t.after(() => client.socket.terminate())
      await replay(t, transcript, client, node)
    })
  }
  // The one that is left is the proxy's own, by which it follows the head.
  await node.until(() => node.subscriptions.size === 1)
  t.assert.equal(node.webSocketsEver, 1)
})

async function replay(
  t: TestContext,
  { events }: Transcript,
  client: Client,
  node: StreamingNode,
): Promise<void> {
  for (const [kind, text] of events) {
    if (kind === '>>') client.send(whole(text ?? ''))
    else if (kind === '<<') {
      if (isToUnrecorded(text, events)) client.send(unrecorded)
      const said = await client.next()
      t.assert.equal(said, client.inOurIds(text ?? '', said))
      // Only now the slow call may end: what is fast did not wait for it.
      node.wake()
    } else if (kind === 'end-of-wait') client.socket.close()
    else if (kind === 'close') t.assert.equal(await client.closed, text)
  }
  t.assert.deepEqual(client.unread, [])
}

/** What the recorder sent and forgot to note, known by the answer to it. */
const unrecorded =
  '{"jsonrpc":"2.0","id":8,"method":"nftest_subscribe","params":["someSubscription",1,5]}'

function isToUnrecorded(text: string | null, events: Transcript['events']): boolean {
  const asks = events.some(([kind, said]) => kind === '>>' && said?.includes('"id":8') === true)
  return !asks && text?.startsWith('{"jsonrpc":"2.0","id":8,') === true
}

/** A message that was cut for the record, at its full length. */
function whole(text: string): string {
  const [, beginning, length] = /^(.*)\.\.\.\[(\d+)\]$/s.exec(text) ?? []
  if (beginning === undefined) return text
  const full = beginning.startsWith('[')
    ? `[${Array.from({ length: 1001 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"test_null"}`).join()}]`
    : `${beginning.padEnd(Number(length) - 1)}}`
  if (full.length !== Number(length)) throw new RangeError(`${full.length} characters`)
  return full
}

class Client {
  readonly socket: WebSocket
  /** Code and reason, as the record has them. */
  readonly closed: Promise<string>
  /** What came and nobody asked for yet. */
  readonly unread: string[] = []
  #wake = (): void => {}
  /** Ids of subscriptions are random: ours by those of the record. */
  readonly #ids = new Map<string, string>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      this.unread.push(String(data))
      this.#wake()
    })
    this.closed = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`)
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(new WebSocket(url.replace(/^http/, 'ws')))
    await once(client.socket, 'open')
    return client
  }

  /** What was recorded behind the end of the connection goes nowhere. */
  send(text: string): void {
    let ours = text
    for (const [recorded, id] of this.#ids) ours = ours.replaceAll(recorded, id)
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(ours)
  }

  async next(): Promise<string> {
    for (;;) {
      const said = this.unread.shift()
      if (said !== undefined) return said
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** What was recorded, with the ids that we were given. */
  inOurIds(recorded: string, said: string): string {
    const theirs = idsIn(recorded)
    const ours = idsIn(said)
    for (const [i, id] of theirs.entries()) {
      const own = ours[i]
      if (own !== undefined && !this.#ids.has(id)) this.#ids.set(id, own)
    }
    let text = recorded
    for (const [id, own] of this.#ids) text = text.replaceAll(`"${id}"`, `"${own}"`)
    return text
  }
}

/** Ids of subscriptions, as results and in notifications. */
function idsIn(text: string): string[] {
  return [...text.matchAll(/"(?:result|subscription)":"(0x[0-9a-f]+)"/g)].map(([, id]) => id ?? '')
}
