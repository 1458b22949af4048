import { after, before, suite, type TestContext, test } from 'node:test'
import { type Dialog, ipcDialog, webSocketDialog } from './dialog.ts'
import { missing } from './needs.ts'
import { oddMessages } from './odd-messages.ts'
import { comparable, exchange, post } from './raw-http.ts'
import { type Side, SideBySide } from './side-by-side.ts'

suite('odd messages', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start()
  })
  after(() => sides.close())

  for (const more of [[], ['Accept-Encoding: gzip']]) {
    test(`over HTTP ${more.join()} each is answered as Geth answers it`, async (t: TestContext) => {
      for (const [name, message] of Object.entries(oddMessages)) {
        const request = post(Buffer.from(message, 'latin1'), more)
        const [direct, proxied] = await Promise.all(
          [sides.direct, sides.proxied].map(({ httpPort }) => exchange(httpPort, request)),
        )
        t.assert.deepEqual(proxied?.map(comparable), direct?.map(comparable), name)
      }
    })
  }

  test('over WebSocket each is answered, or ends the connection, as by Geth', async (t: TestContext) => {
    // Geth ends the connection on what it has not read, and the reset takes its words with it.
    const { 'nested too deep': _, ...messages } = oddMessages
    for (const [name, text] of Object.entries(messages)) {
      const message = Buffer.from(text, 'latin1')
      const [overHttp] = await exchange(sides.direct.httpPort, post(message))
      if (overHttp === undefined) throw new Error('no answer')
      const [direct, proxied] = await Promise.all(
        [sides.direct, sides.proxied].map(async ({ httpPort }) => {
          return await heardOverWebSocket(await webSocketDialog(httpPort), message, overHttp.body)
        }),
      )
      t.assert.deepEqual(proxied, direct, name)
    }
  })

  test('over IPC each is answered, or ends the connection, as by Geth', async (t: TestContext) => {
    // Geth's own IPC serves every namespace, ours those that are opened, and never `engine`; Geth
    // has no limit on a batch there, ours is the one of the other ways.
    const {
      'another port': _,
      'modules of rpc': __,
      'a batch too long': ___,
      'a batch too long of nothing': ____,
      ...messages
    } = oddMessages
    const upon = async ({ ipcPath }: Side, message: Buffer) => {
      return await heardOverIpc(await ipcDialog(ipcPath), message)
    }
    for (const [name, text] of Object.entries(messages)) {
      const message = Buffer.from(text, 'latin1')
      t.assert.deepEqual(
        await upon(sides.proxied, message),
        await upon(sides.direct, message),
        name,
      )
    }
  })
})

/**
 * All that is said upon one message, of which Geth's answer over HTTP tells what to wait for: the
 * end of the connection, an answer, or nothing before calls behind it are answered.
 */
async function heardOverWebSocket(
  dialog: Dialog,
  message: Buffer,
  overHttp: Buffer,
): Promise<readonly string[]> {
  const heard: string[] = []
  dialog.say(message)
  if (overHttp.includes('"code":-32700')) {
    // Nothing may follow, or a reset takes what was said.
    await untilClosed(async () => heard[heard.push(await dialog.next()) - 1] ?? '')
    return heard
  }
  if (overHttp.length > 0) heard.push(withoutIds(await dialog.next()))
  for (let i = 0; i < 3; i += 1) {
    dialog.say('{"jsonrpc":"2.0","id":"behind","method":"net_version"}')
    heard.push(await dialog.next())
  }
  dialog.close()
  return heard
}

/** All that is said upon one message behind which the stream ends. */
async function heardOverIpc(dialog: Dialog, message: Buffer): Promise<readonly string[]> {
  const heard: string[] = []
  dialog.say(message)
  dialog.end()
  await untilClosed(async () => {
    const text = await dialog.next()
    heard.push(withoutIds(text))
    return text
  })
  return heard.sort()
}

async function untilClosed(hear: () => Promise<string>): Promise<string> {
  for (;;) {
    const text = await hear()
    if (text.startsWith('closed')) return text
  }
}

/** Ids of subscriptions are drawn at random. */
function withoutIds(text: string): string {
  return text.replace(/"0x[0-9a-f]{25,32}"/, '"0x…"')
}
