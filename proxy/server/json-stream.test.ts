import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { JsonStream } from './json-stream.ts'

test('values come out as they went in, however the stream is cut', async (t: TestContext) => {
  const containers = fc.oneof(
    fc.array(fc.json(), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.json()),
  )
  const spaces = fc.constantFrom('', ' ', '\n', ' \r\n\t')
  const streams = fc.array(fc.tuple(containers, spaces), { maxLength: 5 })
  await fc.assert(
    fc.property(streams, fc.array(fc.integer({ min: 1, max: 40 })), (parts, cuts) => {
      const texts = parts.map(([value]) => JSON.stringify(value))
      const whole = parts.map(([, space], i) => space + texts[i]).join('')
      t.assert.deepEqual(valuesOf(cut(Buffer.from(whole), cuts)), texts)
    }),
  )
})

test('an object or array is whole with its last byte', (t: TestContext) => {
  const stream = new JsonStream()
  t.assert.deepEqual(stream.push(Buffer.from('{"a":[1,{}]')), [])
  t.assert.equal(String(stream.push(Buffer.from('}'))[0]), '{"a":[1,{}]}')
})

test('anything else is whole when something else follows, or nothing', (t: TestContext) => {
  t.assert.deepEqual(valuesOf([Buffer.from('1 2true"a"-0.5e1[]')]), [
    '1',
    '2',
    'true',
    '"a"',
    '-0.5e1',
    '[]',
  ])
  const stream = new JsonStream()
  t.assert.deepEqual(stream.push(Buffer.from('12')), [])
  t.assert.equal(String(stream.end()), '12')
  t.assert.equal(stream.end(), null)
})

test('what the end cuts short is no value', (t: TestContext) => {
  for (const text of ['{"a":1', '"a', 'tru', '-', '1.', '', ' ']) {
    const stream = new JsonStream()
    t.assert.deepEqual(stream.push(Buffer.from(text)), [], text)
    t.assert.equal(stream.end(), null, text)
  }
})

test('bytes that can become no value come out at once, and nothing after them', (t: TestContext) => {
  const stream = new JsonStream()
  const values = stream.push(Buffer.from('{}[1,}{}'))
  t.assert.deepEqual(values.map(String), ['{}', '[1,}'])
  t.assert.deepEqual(stream.push(Buffer.from('{}')), [])
  t.assert.equal(stream.end(), null)
})

test('a value without end is given up at 32 MiB', (t: TestContext) => {
  const stream = new JsonStream()
  const chunk = Buffer.alloc(1_048_576, 0x20)
  t.assert.deepEqual(stream.push(Buffer.from('[')), [])
  for (let i = 0; i < 31; i += 1) t.assert.deepEqual(stream.push(chunk), [])
  const [given] = stream.push(chunk)
  t.assert.equal(given?.length, 33_554_433)
  t.assert.deepEqual(stream.push(Buffer.from(']')), [])
})

function valuesOf(chunks: readonly Buffer[]): string[] {
  const stream = new JsonStream()
  const values = chunks.flatMap((chunk) => [...stream.push(chunk)])
  const last = stream.end()
  return [...values, ...(last === null ? [] : [last])].map(String)
}

/** Pieces of these lengths in turn; the rest in one. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const length of [...lengths, bytes.length]) {
    if (at >= bytes.length) break
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
