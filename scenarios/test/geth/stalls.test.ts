import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, suite, type TestContext, test } from 'node:test'
import { missing } from './needs.ts'
import { SideBySide } from './side-by-side.ts'

const start = 'POST / HTTP/1.1\r\nHost: localhost\r\n'
const json = 'Content-Type: application/json\r\n'
const health = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** What is sent, and then nothing more, by name. */
const beginnings: Readonly<Record<string, string>> = {
  nothing: '',
  'half a request line': 'POST / HT',
  'a request line without its end': 'POST / HTTP/1.1',
  'half a head': start,
  'half a header': `${start}Hos`,
  'a header without its end': `${start}X: 1`,
  'half a request line behind a request': `${health}POST / HT`,
  'half a head behind a request': `${health}${start}`,
  'no body': `${start}${json}Content-Length: 10\r\n\r\n`,
  'half a body': `${start}${json}Content-Length: 10\r\n\r\n{`,
  'no chunk': `${start}${json}Transfer-Encoding: chunked\r\n\r\n`,
  'half a chunk': `${start}${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{`,
}

/**
 * Geth reads a body until 30 s after the connection was taken and writes until 30 s after the head was
 * read (net/http: ReadTimeout, WriteTimeout): the few milliseconds between decide whether it can still
 * say that the body never came.
 */
const tooLate = /^HTTP\/1\.1 200 OK\r\n[\s\S]*"code":-32700,"message":"read timeout"/

suite('clients that stall for 30 s', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start()
  })
  after(() => sides.close())

  test('are told the same, or nothing', async (t: TestContext) => {
    const told = (port: number): Promise<string[]> =>
      Promise.all(Object.values(beginnings).map((beginning) => untilEnd(port, beginning)))
    const [direct, proxied] = await Promise.all([
      told(sides.direct.httpPort),
      told(sides.proxied.httpPort),
    ])
    const named = (all: readonly string[]) =>
      Object.entries(beginnings).map(([name, beginning], i) => {
        const isTooLate = beginning.includes(json) && tooLate.test(all[i] ?? '')
        return [name, isTooLate ? '' : all[i]]
      })
    t.assert.deepEqual(named(proxied), named(direct))
  })
})

/** All that comes back until the other side ends the connection, but for the date. */
async function untilEnd(port: number, beginning: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.write(beginning)
  await once(socket, 'close')
  const lines = text.split('\r\n').filter((line) => !line.startsWith('Date: '))
  return lines.join('\r\n')
}
