import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { goldenFolder, missing } from './needs.ts'
import { encodings, oddRequests, pipelines, post, requestsWith } from './odd-requests.ts'
import { comparable, exchange } from './raw-http.ts'
import { SideBySide } from './side-by-side.ts'

/** What Node's parser refuses and Go's takes. Nobody means it; a proxy between might read it otherwise. */
const refusedByNode: Readonly<Record<string, string>> = {
  'a method of no standard': post('{}').replace('POST', 'FOO'),
  'a method in lower case': post('{}').replace('POST', 'post'),
  'a version to come': post('{}').replace('HTTP/1.1', 'HTTP/1.2'),
  'lines without CR': post('{}').replaceAll('\r', ''),
  'a header over two lines': post('{}', ['X: a', ' b']),
  'the same length twice': post('{}', ['Content-Length: 2']),
  'a length beside chunks': post('2\r\n{}\r\n0\r\n\r\n', ['Transfer-Encoding: chunked']),
  'a space before a colon, for which Go has more words': post('{}', ['X : a']),
}

suite('HTTP', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start()
  })
  after(() => sides.close())

  test('every transcript of Geth that can be played again is answered alike', async (t: TestContext) => {
    for (const [name, request] of transcripts()) await alike(t, name, request)
  })

  for (const [encoding, more] of Object.entries(encodings)) {
    test(`requests that take ${encoding} are answered alike`, async (t: TestContext) => {
      for (const [name, request] of Object.entries(requestsWith(more))) {
        await alike(t, name, request)
      }
    })
  }

  test('odd requests are taken or refused alike', async (t: TestContext) => {
    for (const [name, request] of Object.entries(oddRequests)) await alike(t, name, request)
  })

  test('requests sent in one go are answered in turn', async (t: TestContext) => {
    for (const [name, [requests, answers]] of Object.entries(pipelines)) {
      await alike(t, name, requests, answers)
    }
  })

  test("what Node's parser refuses is refused in Go's words", async (t: TestContext) => {
    for (const [name, request] of Object.entries(refusedByNode)) {
      const [answer] = await exchange(sides.proxied.httpPort, Buffer.from(request, 'latin1'))
      if (answer === undefined) throw new Error('no answer')
      const { status, headers, body } = comparable(answer)
      t.assert.equal(status, 'HTTP/1.1 400 Bad Request', name)
      t.assert.deepEqual(headers, ['Connection: close', 'Content-Type: text/plain; charset=utf-8'])
      t.assert.equal(body, '400 Bad Request')
    }
  })

  async function alike(t: TestContext, name: string, request: string, answers = 1): Promise<void> {
    const bytes = Buffer.from(request, 'latin1')
    const [direct, proxied] = await Promise.all(
      [sides.direct, sides.proxied].map(({ httpPort }) => exchange(httpPort, bytes, answers)),
    )
    t.assert.deepEqual(proxied?.map(comparable), direct?.map(comparable), name)
  }
})

/**
 * Requests recorded on a Geth that was configured as ours: `A` is the default, the other one but
 * for its domains and limits. Not those to the engine's port and those that wait for a time limit.
 */
function* transcripts(): Iterable<readonly [name: string, request: string]> {
  const all: unknown = JSON.parse(readFileSync(join(goldenFolder, 'http.json'), 'utf8'))
  for (const { name, server, request } of all as {
    name: string
    server: string
    request: string
  }[]) {
    if (server.startsWith('C') || server.startsWith('E')) continue
    if (name === 'both CL and TE') continue // A length beside chunks, above.
    yield [name, rebuilt(request)]
  }
}

/** Over-long requests are cut in the file, with their length behind: `…...[47988 bytes]`. */
function rebuilt(request: string): string {
  const [, kept, bytes] = /^(.*)\.\.\.\[(\d+) bytes\]$/s.exec(request) ?? []
  if (kept === undefined) return request
  const body = kept.indexOf('\r\n\r\n') + 4
  const first = /^\[\{"jsonrpc":"2\.0","id":(\d+)/.exec(kept.slice(body))?.[1]
  // Either a batch of calls with growing ids, or a call and white space.
  if (first === undefined) return kept.padEnd(Number(bytes))
  const calls: string[] = []
  for (let left = Number(bytes) - body - 1; left > 0; ) {
    const call = `{"jsonrpc":"2.0","id":${Number(first) + calls.length},"method":"test_null"}`
    calls.push(call)
    left -= call.length + 1
  }
  return `${kept.slice(0, body)}[${calls.join()}]`
}
