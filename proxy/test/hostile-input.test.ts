import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { overHttp, overIpc, overWebSocket } from './ways-in.ts'
import { wiredProxy } from './wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const answered = answeredTo('1')
const parseError = error(-32700, 'parse error')
const invalid = error(-32600, 'invalid request')
const noValue = 'looking for beginning of value'
const many = 1_000_000
const maxBodyBytes = 5_242_880

/** A message, its bytes as Latin-1, and what Geth 1.17.5 says to it. */
type Case = readonly [message: string, says: string]

const whole: readonly Case[] = [
  [call, answered],
  ['null', invalid],
  ['7', invalid],
  ['[[[]]]', `[${invalid}]`],
  [withId('['.repeat(5_000) + ']'.repeat(5_000)), invalid],
  [withId(`"${'x'.repeat(many)}"`), answeredTo(`"${'x'.repeat(many)}"`)],
  [withId('1'.repeat(many)), answeredTo('1'.repeat(many))],
  [withId('1e400'), answeredTo('1e400')],
  [withId('"a\xff\xfeb"'), answeredTo('"a\xff\xfeb"')],
  [withId('"\\ud800\\u0000<&>"'), answeredTo('"\\ud800\\u0000<&>"')],
  [`{${'"id":0,'.repeat(100_000)}"id":7,"jsonrpc":"2.0","method":"eth_chainId"}`, answeredTo('7')],
  [
    `{"jsonrpc":"2.0","id":1,"method":"eth_${'x'.repeat(many)}"}`,
    error(-32600, 'method name too long: 1000004 \\u003e 2048', '1'),
  ],
  [
    `[${Array.from({ length: 1_001 }, (_, id) => withId(String(id))).join()}]`,
    `[${error(-32600, 'batch too large', '0')}]`,
  ],
]

/** What is no JSON, and the words for it; over HTTP they are always `parse error`. */
const broken: readonly Case[] = [
  ['['.repeat(many), "'[' exceeded max depth"],
  ['{"a":'.repeat(many / 5), "'{' exceeded max depth"],
  [withId('['.repeat(20_000) + ']'.repeat(20_000)), "'[' exceeded max depth"],
  ['\0', `'\\\\x00' ${noValue}`],
  [withId('"a\0b"'), "'\\\\x00' in string literal"],
  ['\xef\xbb\xbf{}', `'ï' ${noValue}`],
  ['\xff\xfe{\0}\0', `'ÿ' ${noValue}`],
  [`[${','.repeat(1_000)}]`, `',' ${noValue}`],
  [withId('-'), "',' in numeric literal"],
]

test('what is hostile is answered over every way as Geth answers it', async (t: TestContext) => {
  const { http, others } = await serving(t)
  for (const [message, says] of whole) {
    const name = message.slice(0, 40)
    const bytes = Buffer.from(message, 'latin1')
    t.assert.deepEqual((await http(bytes)).answers.map(brief), [brief(says)], name)
    for (const wayIn of others) {
      const { answers, ended } = await wayIn(bytes)
      t.assert.deepEqual([answers.map(brief), ended], [[brief(says)], false], name)
    }
  }
})

test('what is no JSON is told so, and ends a conversation', async (t: TestContext) => {
  const { http, others } = await serving(t)
  for (const [message, words] of broken) {
    const name = message.slice(0, 40)
    const bytes = Buffer.from(message, 'latin1')
    t.assert.deepEqual((await http(bytes)).answers, [parseError], name)
    const says = Buffer.from(error(-32700, `invalid character ${words}`)).toString('latin1')
    for (const wayIn of others) {
      t.assert.deepEqual(await wayIn(bytes), { answers: [says], ended: true }, name)
    }
    t.assert.deepEqual((await http(Buffer.from(call))).answers, [answered])
  }
})

test('a second value is not read from a body or message, and is another message in a stream', async (t: TestContext) => {
  const { http, others } = await serving(t)
  const [webSocket, ipc] = others
  const twice = Buffer.from(call + call)
  t.assert.deepEqual((await http(twice)).answers, [answered])
  t.assert.deepEqual((await webSocket(twice)).answers, [answered])
  t.assert.deepEqual((await ipc(twice)).answers, [answered, answered])
})

test('a body may be of 5 MiB, counted or in chunks', async (t: TestContext) => {
  const { port } = await serving(t)
  const tooLarge = `content length too large (${maxBodyBytes + 1}>${maxBodyBytes})\n`
  for (const [bytes, says] of [
    [maxBodyBytes - 1, answered],
    [maxBodyBytes, answered],
    [maxBodyBytes + 1, null],
  ] as const) {
    const body = Buffer.from(`${call.slice(0, -1).padEnd(bytes - 1)}}`)
    t.assert.equal(await bodyOf(port, counted(body)), says ?? tooLarge)
    t.assert.equal(await bodyOf(port, chunked(body)), says ?? parseError)
  }
  // What the limit cuts off behind the value is not missed.
  t.assert.equal(await bodyOf(port, chunked(Buffer.from(call.padEnd(maxBodyBytes + 1)))), answered)
})

async function serving(t: TestContext) {
  const [node] = await stubNodes(t, 'a')
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-hostile-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const ipcpath = join(folder, 'it.ipc')
  const { port } = await wiredProxy(t, [node], { ipcpath })
  const others = [overWebSocket(port), overIpc(ipcpath)] as const
  return { port, http: overHttp(port), others }
}

const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

function counted(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)]
  for (let at = 0; at < body.length; at += 65_536) {
    const chunk = body.subarray(at, at + 65_536)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

async function bodyOf(port: number, request: Buffer): Promise<string> {
  return (await rawHttp(port, request)).body.toString('latin1')
}

function withId(id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"eth_chainId"}`
}

function answeredTo(id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":"0x7a69"}`
}

function error(code: number, message: string, id = 'null'): string {
  return `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"${message}"}}`
}

/** A text as failures show it: its ends, its length and what it hashes to. */
function brief(text: string): string {
  if (text.length <= 200) return text
  const hash = createHash('sha256').update(text, 'latin1').digest('hex')
  return `${text.slice(0, 60)}…${text.slice(-60)} (${text.length}, ${hash})`
}
