import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { RawConnection, type RawResponse } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

/**
 * A request that is not as it should be, what Geth made of it, and what we make of it where that is
 * something else: `strict` Node's parser refuses what Go's forgives, `lenient` it forgives what Go's
 * refuses and nothing is smuggled by it, `words` we refuse it with fewer words, `ends` the
 * connection ends as well.
 */
type Hostile = {
  readonly name: string
  readonly request: string
  readonly geth: string
  readonly ours?: string
  readonly why?: 'strict' | 'lenient' | 'words' | 'ends'
}

const file = new URL('fixtures/hostile-requests.json', import.meta.url)
const { requests }: { requests: readonly Hostile[] } = JSON.parse(readFileSync(file, 'utf8'))

const head = 'Host: 127.0.0.1\r\nContent-Type: application/json\r\n'
const body = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const probe = '{"jsonrpc":"2.0","id":"probe","method":"eth_getBalance"}'

test('what Geth refuses is refused, what it answers is answered, and nothing is carried out twice', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  const { port } = await wiredProxy(t, [node])
  const verdicts = await Promise.all(requests.map((hostile) => verdictOn(port, hostile)))
  requests.forEach(({ name, geth, ours = geth }, i) => {
    t.assert.equal(verdicts[i], ours, name)
  })
  const answered = verdicts.flatMap((verdict) => verdict.match(/200 answer/g) ?? []).length
  t.assert.equal(node.calls.filter(({ method }) => method === 'eth_chainId').length, answered)
})

test('every verdict that is not Geth’s has a reason', (t: TestContext) => {
  for (const { name, geth, ours, why } of requests) {
    t.assert.equal(ours === undefined, why === undefined, name)
    t.assert.notEqual(ours, geth, name)
    if (why === 'strict') t.assert.match(ours ?? '', /^(400|501) · closed$/, name)
  }
})

test('nothing behind a refused head is carried out, however it is cut', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  const { port } = await wiredProxy(t, [node])
  const write = '{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x00"]}'
  const behind = `POST / HTTP/1.1\r\n${head}Content-Length: ${write.length}\r\n\r\n${write}`
  const refused = [
    `POST / HTTP/1.1\r\n${head}Host: localhost\r\nContent-Length: 0\r\n\r\n`,
    'POST / HTTP/1.1\r\nHost: a<b\r\nContent-Length: 0\r\n\r\n',
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.0\r\n${head}Transfer-Encoding: chunked\r\n\r\n`,
    `POST / HTTP/1.1\r\n${head}Expect: something\r\nContent-Length: 0\r\n\r\n`,
  ]
  for (const request of refused) {
    for (const cut of [request.length - 1, request.length, request.length + 20]) {
      const connection = new RawConnection(port)
      const whole = request + behind
      connection.send(whole.slice(0, cut))
      connection.send(whole.slice(cut))
      await connection.ended()
    }
  }
  t.assert.deepEqual(node.calls, [])
})

async function verdictOn(port: number, hostile: Hostile): Promise<string> {
  const connection = new RawConnection(port)
  try {
    const [expected = '', end] = (hostile.ours ?? hostile.geth).split(' · ')
    const request = written(hostile.request)
    const [method] = request.split(' ', 1)
    connection.send(Buffer.from(request, 'latin1'))
    const seen: string[] = []
    while (seen.length < expected.split(', ').length) {
      const response = await connection.next(method)
      seen.push(...response.interim.map(statusOf), kindOf(response))
    }
    return `${seen.join(', ')} · ${await endOf(connection, end)}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    connection.close()
  }
}

/** The bytes of a request of which the file abbreviates what is repeated. */
function written(request: string): string {
  return request
    .replaceAll('{head}', head)
    .replaceAll('{body}', body)
    .replace(/\{X-: y\*(\d+)\}/g, (_, count) =>
      Array.from({ length: Number(count) }, (_, i) => `X-${i}: y\r\n`).join(''),
    )
    .replace(/\{(.)\*(\d+)\}/gs, (_, character, count) => character.repeat(Number(count)))
}

function statusOf(statusLine: string): string {
  return statusLine.split(' ')[1] ?? ''
}

function kindOf({ statusLine, body }: RawResponse): string {
  const status = statusOf(statusLine)
  const text = body.toString('latin1')
  if (status === '200') {
    if (text === '') return '200 empty'
    return text.includes('-32700') ? '200 parse error' : '200 answer'
  }
  const isBare = text === '400 Bad Request' || text === 'Bad Request\n'
  return status === '400' && !isBare ? `400 ${text}` : status
}

/** Whether the connection ends; where it is to stay open, another call is answered on it. */
async function endOf(connection: RawConnection, expected: string | undefined): Promise<string> {
  if (expected === 'closed') {
    await connection.ended()
    return 'closed'
  }
  connection.send(`POST / HTTP/1.1\r\n${head}Content-Length: ${probe.length}\r\n\r\n${probe}`)
  const answer = await connection.next()
  return answer.body.includes('"id":"probe"') ? 'open' : answer.statusLine
}
