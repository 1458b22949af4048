import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { ResponseReader } from './response-reader.ts'

const ok = 'HTTP/1.1 200 OK\r\n'

test('what is read is what was sent, however it was cut', (t: TestContext) => {
  const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
  const answer = fc.record({ bodies: fc.array(body, { maxLength: 4 }), isChunked: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(answer, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(100), { maxLength: 30 }),
      (answers, cuts) => {
        const heard = new Heard()
        for (const { bodies, isChunked } of answers) {
          heard.read(isChunked ? chunked(bodies) : counted(Buffer.concat(bodies)), cuts)
        }
        const want = answers.map(({ bodies }) => Buffer.concat(bodies).toString('latin1'))
        t.assert.deepEqual(heard.bodies, want)
        t.assert.ok(heard.keeps.every((keeps) => keeps))
      },
    ),
  )
})

test('a body comes in one piece where its length is told', (t: TestContext) => {
  const heard = new Heard()
  heard.read(counted(Buffer.alloc(200_000, 'x')), new Array(50).fill(1_000))
  t.assert.deepEqual(heard.pieces, [200_000])
})

test('a body too large for that comes as it is read', (t: TestContext) => {
  const heard = new Heard()
  heard.read(counted(Buffer.alloc(300_000, 'x')), [100_000, 100_000])
  t.assert.ok(heard.pieces.length > 1)
  t.assert.equal(heard.bodies[0]?.length, 300_000)
})

test('heads that only say that an answer will follow are passed over', (t: TestContext) => {
  const heard = new Heard()
  heard.read(`HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 1\r\n\r\na`)
  t.assert.deepEqual(heard.bodies, ['a'])
})

test('without a length the end of the connection ends a body, and nothing else', (t: TestContext) => {
  const heard = new Heard()
  heard.read(`${ok}\r\nabc`)
  t.assert.deepEqual(heard.bodies, [])
  t.assert.ok(heard.reader.end())
  t.assert.deepEqual(heard.bodies, ['abc'])
  t.assert.deepEqual(heard.keeps, [false])
})

test('an answer that is cut short never ends', (t: TestContext) => {
  for (const bytes of [
    '',
    'HTTP/1.1 2',
    `${ok}Content-Length: 3\r\n\r\nab`,
    `${chunkedHead}2\r\nab`,
  ]) {
    const heard = new Heard()
    heard.read(bytes)
    t.assert.equal(heard.reader.end(), false, bytes)
    t.assert.deepEqual(heard.keeps, [], bytes)
  }
})

test('a connection is not used again when it is said to end, or when more comes than was asked for', (t: TestContext) => {
  const bodyA = 'Content-Length: 1\r\n\r\na'
  const cases = [
    [`${ok}${bodyA}`, true],
    [`${ok}Connection: close\r\n${bodyA}`, false],
    [`${ok}Connection: Keep-Alive, Close\r\n${bodyA}`, false],
    [`HTTP/1.0 200 OK\r\n${bodyA}`, false],
    [`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${bodyA}`, true],
    [`${ok}${bodyA}${ok}${bodyA}`, false],
  ] as const
  for (const [bytes, keeps] of cases) {
    const heard = new Heard()
    heard.read(bytes)
    t.assert.deepEqual([heard.bodies, heard.keeps], [['a'], [keeps]], bytes)
  }
})

test('what nobody asked for is no answer', (t: TestContext) => {
  const heard = new Heard()
  t.assert.throws(() => heard.reader.take(Buffer.from(`${ok}\r\n`)), /nobody asked for/)
})

test('what two readers could read in two ways is refused', (t: TestContext) => {
  const heads = [
    'Content-Length: 1\r\nContent-Length: 2',
    'Content-Length: 1\r\nTransfer-Encoding: chunked',
    'Content-Length: +1',
    'Content-Length: 1, 1',
    'Transfer-Encoding: gzip, chunked',
    'Content-Length : 1',
    'X: a\r\n folded',
    'X: a\nContent-Length: 1',
    'X: \0',
  ]
  for (const head of heads) {
    const heard = new Heard()
    t.assert.throws(() => heard.read(`${ok}${head}\r\n\r\n`), Error, head)
  }
  for (const chunk of ['x\r\n', '\r\n', '1\na\r\n', '1\r\nab\r\n', '-1\r\n', '0x1\r\n']) {
    const heard = new Heard()
    t.assert.throws(() => heard.read(`${chunkedHead}${chunk}0\r\n\r\n`), Error, chunk)
  }
})

test('a head or a line without an end is not held for ever', (t: TestContext) => {
  const endless = new Heard()
  t.assert.throws(() => endless.read(ok + 'X: y\r\n'.repeat(20_000)), /too long/)
  const line = new Heard()
  t.assert.throws(() => line.read(`${chunkedHead}1;${'x'.repeat(5_000)}`), /too much/)
})

test('once it is stopped nothing more is heard', (t: TestContext) => {
  const heard = new Heard()
  heard.onBody = () => heard.reader.stop()
  heard.read(`${chunkedHead}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`)
  t.assert.deepEqual(heard.pieces, [1])
  t.assert.deepEqual(heard.keeps, [])
})

const chunkedHead = `${ok}Transfer-Encoding: chunked\r\n\r\n`

function counted(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${ok}Content-Length: ${body.length}\r\n\r\n`), body])
}

function chunked(bodies: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(chunkedHead)]
  for (const body of bodies) {
    if (body.length === 0) continue // It would be the last.
    parts.push(Buffer.from(`${body.length.toString(16)};x="y"\r\n`), body, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nTrailer: x\r\n\r\n')])
}

/** Everything a reader told. */
class Heard {
  readonly bodies: string[] = []
  readonly keeps: boolean[] = []
  readonly pieces: number[] = []
  onBody = (): void => {}
  #body = ''
  readonly reader = new ResponseReader({
    onHead: () => {
      this.#body = ''
    },
    onBody: (chunk) => {
      this.pieces.push(chunk.length)
      this.#body += chunk.toString('latin1')
      this.onBody()
    },
    onEnd: (_head, keeps) => {
      this.bodies.push(this.#body)
      this.keeps.push(keeps)
    },
  })

  /** One answer, in pieces of the lengths given and a last one; the memory is used for each anew. */
  read(answer: Buffer | string, lengths: readonly number[] = []): void {
    const bytes = Buffer.from(answer)
    this.reader.expect()
    let at = 0
    for (const length of [...lengths, bytes.length]) {
      const piece = Buffer.from(bytes.subarray(at, at + length))
      if (piece.length > 0) this.reader.take(piece)
      piece.fill(0)
      at += length
    }
  }
}
