import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { type Dialog, ipcDialog, webSocketDialog } from './dialog.ts'
import { goldenFolder, missing } from './needs.ts'
import { exchange, post } from './raw-http.ts'
import { SideBySide } from './side-by-side.ts'
import { loadVectors } from './vectors.ts'

type Transcript = { readonly name: string; readonly events: readonly (readonly [string, string])[] }

suite('WebSocket', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start()
  })
  after(() => sides.close())

  test('every transcript of Geth is played again alike', async (t: TestContext) => {
    const file = readFileSync(join(goldenFolder, 'ws.json'), 'utf8')
    for (const { name, events } of JSON.parse(file) as readonly Transcript[]) {
      const messages = events.flatMap(([kind, text]) => (kind === '>>' ? [rebuilt(text)] : []))
      const direct = await played(await webSocketDialog(sides.direct.httpPort), messages)
      const proxied = await played(await webSocketDialog(sides.proxied.httpPort), messages)
      t.assert.deepEqual(proxied, direct, name)
    }
  })

  test('subscribers are told the same, on WebSocket and IPC, until they will not be', async (t: TestContext) => {
    const { direct, proxied } = sides
    const dialogs = await Promise.all([
      webSocketDialog(direct.httpPort),
      webSocketDialog(proxied.httpPort),
      ipcDialog(direct.ipcPath),
      ipcDialog(proxied.ipcPath),
    ])
    t.after(() => {
      for (const dialog of dialogs) dialog.close()
    })
    const kinds = ['"newHeads"', '"newPendingTransactions"', '"newPendingTransactions",true']
    const ids = await Promise.all(dialogs.map((dialog) => subscribed(dialog, kinds)))

    await put('eth_sendRawTransaction', [rawTransaction()])
    await put('testing_commitBlockV1', [attributes(552), null, '0x'])
    const told = await Promise.all(dialogs.map((dialog, i) => notified(dialog, ids[i] ?? [])))
    const [overWebSocket = [], ...others] = told
    t.assert.match(overWebSocket.join(), /"subscription":"#0","result":\{"parentHash"/)
    for (const other of others) t.assert.deepEqual(other, overWebSocket)

    for (const [i, dialog] of dialogs.entries()) {
      for (const id of ids[i] ?? []) {
        const end = `{"jsonrpc":"2.0","id":1,"method":"foo_unsubscribe","params":["${id}"]}`
        const ask = async (): Promise<string> => {
          dialog.say(end)
          return (await dialog.next()).trimEnd()
        }
        t.assert.equal(await ask(), '{"jsonrpc":"2.0","id":1,"result":true}')
        const gone = '{"code":-32000,"message":"subscription not found"}'
        t.assert.equal(await ask(), `{"jsonrpc":"2.0","id":1,"error":${gone}}`)
      }
    }
    await put('testing_commitBlockV1', [attributes(564), null, '0x'])
    for (const dialog of dialogs) {
      dialog.say('{"jsonrpc":"2.0","id":2,"method":"eth_blockNumber"}')
      t.assert.equal((await dialog.next()).trimEnd(), '{"jsonrpc":"2.0","id":2,"result":"0x38"}')
    }
  })

  test('the answer to a subscription in a batch is the batch', async (t: TestContext) => {
    const batch =
      '[{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]},' +
      '{"jsonrpc":"2.0","id":2,"method":"net_version"},{"jsonrpc":"2.0","id":3,"method":"eth_nope"}]'
    const heard = await Promise.all(
      [sides.direct, sides.proxied].map(async ({ httpPort }) => {
        const dialog = await webSocketDialog(httpPort)
        t.after(() => dialog.close())
        dialog.say(batch)
        return (await dialog.next()).replace(/"0x[0-9a-f]{25,32}"/, '"#"')
      }),
    )
    t.assert.match(heard[0] ?? '', /^\[\{"jsonrpc":"2\.0","id":1,"result":"#"\},/)
    t.assert.equal(heard[1], heard[0])
  })

  /** Tells the node behind both, past the proxy. */
  async function put(method: string, params: readonly unknown[]): Promise<void> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const [answer] = await exchange(sides.direct.httpPort, post(body))
    if (answer?.body.includes('"result"') !== true) throw new Error(String(answer?.body))
  }
})

/** Says all messages in turn, and listens until calls behind them are answered as well. */
async function played(dialog: Dialog, messages: readonly string[]): Promise<readonly string[]> {
  const heard: string[] = []
  const hear = async (): Promise<string> => heard[heard.push(await dialog.next()) - 1] ?? ''
  for (const message of messages) {
    dialog.say(message)
    if (!isWhole(message)) {
      // The connection ends. Nothing may follow, or a reset takes what was said.
      while (!(await hear()).startsWith('closed'));
      return heard.sort()
    }
    if (isAnswered(message)) await hear()
  }
  for (let i = 0; i < 3; i += 1) {
    dialog.say('{"jsonrpc":"2.0","id":"behind","method":"net_version"}')
    await hear()
  }
  dialog.close()
  return heard.sort()
}

function isWhole(message: string): boolean {
  return /^[[{].*[\]}]\s*$/s.test(message)
}

/** Whether it holds a call, or is a batch of nothing, which is refused. */
function isAnswered(message: string): boolean {
  return message.includes('"id":') || message === '[]'
}

/** What is too long for the file is cut there: `…...[47940]`. */
function rebuilt(text: string): string {
  const [, kept, length] = /^(.*)\.\.\.\[(\d+)\]$/s.exec(text) ?? []
  if (kept === undefined) return text
  if (!kept.startsWith('[')) return `${kept.padEnd(Number(length) - 1)}}`
  const calls: string[] = []
  for (let left = Number(length) - 1; left > 0; ) {
    const call = `{"jsonrpc":"2.0","id":${calls.length},"method":"test_null"}`
    calls.push(call)
    left -= call.length + 1
  }
  return `[${calls.join()}]`
}

async function subscribed(dialog: Dialog, kinds: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = []
  for (const kind of kinds) {
    dialog.say(`{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":[${kind}]}`)
    const [, id] = /^\{"jsonrpc":"2\.0","id":1,"result":"(0x[1-9a-f][0-9a-f]*)"\}\n?$/.exec(
      await dialog.next(),
    ) ?? ['', 'no id']
    ids.push(id ?? '')
  }
  return ids
}

/** One notification of each subscription, with its place in `ids` for its id. */
async function notified(dialog: Dialog, ids: readonly string[]): Promise<readonly string[]> {
  const heard: string[] = []
  while (heard.length < ids.length) {
    const text = (await dialog.next()).trimEnd()
    heard.push(text.replace(/"0x[0-9a-f]+"/, (id) => `"#${ids.indexOf(id.slice(1, -1))}"`))
  }
  return heard.sort()
}

/** A transaction that the chain takes next. */
function rawTransaction(): string {
  const vector = loadVectors().find(({ name }) => name.endsWith('send-legacy-transaction'))
  const [request = '{}'] = vector?.requests ?? []
  return JSON.parse(request).params[0]
}

function attributes(timestampS: number) {
  const zero = `0x${'0'.repeat(64)}`
  return {
    timestamp: `0x${timestampS.toString(16)}`,
    prevRandao: zero,
    suggestedFeeRecipient: zero.slice(0, 42),
    withdrawals: [],
    parentBeaconBlockRoot: zero,
  }
}
