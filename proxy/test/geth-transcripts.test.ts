import { existsSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { linesOf, type RawResponse, rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { serveTestService } from './test-service.ts'
import { wiredProxy } from './wired-proxy.ts'

/** What was said to a real Geth, byte for byte (as Latin-1), and what it said. */
type Transcript = {
  readonly name: string
  readonly request: string
  readonly response: string
  /** Begins with the letter of a server, see {@link servers}. */
  readonly server: string
}

const file = new URL('../../../shared/data/geth-golden/http.json', import.meta.url)
const skip = existsSync(file) ? false : 'the transcripts of Geth are not on this machine'
const transcripts: readonly Transcript[] = skip ? [] : JSON.parse(readFileSync(file, 'utf8'))

/** Configurations in place of those that Geth was recorded with. */
const servers: Readonly<Record<string, Record<string, unknown>>> = {
  A: { http: { api: ['test', 'eth'] } },
  B: {
    http: { api: ['test', 'eth'], corsdomain: ['*'], vhosts: ['*'] },
    rpc: { 'batch-request-limit': 4, 'batch-response-max-size': 100_000 },
  },
  D: {
    http: { api: ['test'], corsdomain: ['https://dapp.example'], vhosts: ['rpc.example'] },
  },
  E: {
    http: { api: ['test'], corsdomain: ['*'], vhosts: ['*'] },
    limits: { timeout: '200ms' },
  },
}

/** Servers that nothing of ours stands for yet. */
const unserved: ReadonlyMap<string, string> = new Map([
  ['C', 'the port with JWT is for a consensus client, which speaks to one node and not to a fleet'],
])

/** Why these are not answered as Geth answered them. The test fails when one of them is. */
const notYet: ReadonlyMap<string, string> = new Map([
  [
    'both CL and TE',
    'two lengths that disagree smuggle requests through proxies (RFC 9112, 6.1): node:http refuses them',
  ],
])

test('what Geth was asked is answered as Geth answered it', { skip }, async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  for (const node of nodes) serveTestService(node)
  for (const [letter, config] of Object.entries(servers)) {
    const { port } = await wiredProxy(t, nodes, config)
    for (const { name, request, response, server } of transcripts.map(whole)) {
      if (!server.startsWith(letter)) continue
      const answer = shown(await rawHttp(port, Buffer.from(request, 'latin1')))
      if (notYet.has(name)) t.assert.notDeepEqual(answer, recorded(response), name)
      else t.assert.deepEqual(answer, recorded(response), name)
    }
  }
})

test('every server that Geth was recorded with is stood for, or it is said why not', {
  skip,
}, (t: TestContext) => {
  const letters = new Set(transcripts.map(({ server }) => server.slice(0, 1)))
  t.assert.deepEqual([...letters].sort(), [...Object.keys(servers), ...unserved.keys()].sort())
  for (const name of notYet.keys())
    t.assert.ok(
      transcripts.some((each) => each.name === name),
      name,
    )
})

/** What was cut in the recording, made whole again. */
function whole(transcript: Transcript): Transcript {
  const { name, request, response } = transcript
  const head = (body: string): string =>
    `${request.slice(0, request.indexOf('\r\n\r\n'))}\r\n\r\n${body}`
  const calls = (first: number, count: number): string => {
    const ids = Array.from({ length: count }, (_, i) => first + i)
    return `[${ids.map((id) => `{"jsonrpc":"2.0","id":${id},"method":"test_null"}`).join()}]`
  }
  switch (name) {
    case 'body exactly 5MiB': {
      const [json = ''] = /\{.*\}/.exec(request) ?? []
      return { ...transcript, request: head(json.padEnd(5_242_880)) }
    }
    case 'batch 1000': {
      const answers = Array.from({ length: 1_000 }, (_, id) => {
        return `{"jsonrpc":"2.0","id":${id},"result":null}`
      })
      const recordedHead = response.slice(0, response.indexOf('\r\n\r\n'))
      return {
        ...transcript,
        request: head(calls(0, 1_000)),
        response: `${recordedHead}\r\n\r\n[${answers.join()}]`,
      }
    }
    case 'batch 1001':
      return { ...transcript, request: head(calls(7, 1_001)) }
    default:
      return transcript
  }
}

/** The recorded bytes, without the marks that say how the recording ended. */
function recorded(response: string): readonly unknown[] {
  const parts = response.replace(/<<[^>]*>>$/, '').split('\r\n\r\n')
  const interim = parts[0]?.startsWith('HTTP/1.1 100') ? parts.splice(0, 1) : []
  const [head = '', ...body] = parts
  const [statusLine = '', ...lines] = head.split('\r\n')
  const kept = lines.filter((line) => !line.startsWith('Date: ')).sort()
  return [interim, statusLine, kept, body.join('\r\n\r\n')]
}

function shown(response: RawResponse): readonly unknown[] {
  const { interim, statusLine, body } = response
  return [interim, statusLine, linesOf(response), body.toString('latin1')]
}
