import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { goString, skipValue } from './json.ts'

const end = (text: string): number => {
  const bytes = Buffer.from(text)
  return skipValue(bytes, 0, bytes.length)
}

test('a value ends where JSON.stringify ended it, whatever stands behind', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 6 }),
      fc.constantFrom('', ' ', ',1', '}', ' x'),
      (json, tail) => {
        // A number goes on with digits; what stands behind begins with none.
        t.assert.equal(end(json + tail), Buffer.byteLength(json))
      },
    ),
    { numRuns: 2000 },
  )
})

test('what JSON.parse refuses is refused, what it takes is taken', (t: TestContext) => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '0',
    '.',
    'e',
    'true',
    'nul',
    ' ',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      const valid = isJson(text)
      const at = end(text)
      t.assert.equal(at >= 0 && text.slice(at).trim() === '', valid, text)
    }),
    { numRuns: 5000 },
  )
})

test('containers close as they opened, however deep they are and in whatever order', (t: TestContext) => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat(), (kinds, flipped) => {
      const opening = kinds.map((isObject) => (isObject ? '{"a":' : '[')).join('')
      const closing = kinds.map((isObject) => (isObject ? '}' : ']')).reverse()
      const whole = `${opening}0${closing.join('')}`
      t.assert.equal(end(whole), whole.length)
      const at = flipped % Math.max(1, closing.length)
      closing[at] = closing[at] === '}' ? ']' : '}'
      if (kinds.length > 0) t.assert.equal(end(`${opening}0${closing.join('')}`), -1)
    }),
  )
})

test('a value cut short anywhere is no value', (t: TestContext) => {
  const whole = '{"a":[1.5e-3,{"b":"\\u00e9\\n"},true,null],"c":{}}'
  for (let length = 0; length < whole.length; length++) {
    t.assert.equal(end(whole.slice(0, length)), -1, whole.slice(0, length))
  }
  t.assert.equal(end(whole), whole.length)
})

test('nesting is taken to 10,000 deep and refused beyond, as in Go', (t: TestContext) => {
  t.assert.equal(end('['.repeat(10_000) + ']'.repeat(10_000)), 20_000)
  t.assert.equal(end('['.repeat(10_001) + ']'.repeat(10_001)), -1)
  t.assert.equal(end('['.repeat(1_000_000)), -1)
})

test('bytes that are not UTF-8 pass inside strings, control characters do not', (t: TestContext) => {
  t.assert.equal(skipValue(Uint8Array.of(0x22, 0xff, 0x22), 0, 3), 3)
  t.assert.equal(end('"\u0001"'), -1)
})

test('texts are written as Go writes them', (t: TestContext) => {
  t.assert.equal(goString('a<b>&\u2028"'), '"a\\u003cb\\u003e\\u0026\\u2028\\""')
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
