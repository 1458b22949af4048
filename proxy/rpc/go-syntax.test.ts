import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { goSyntaxError } from './go-syntax.ts'
import { skipValue } from './json.ts'

/** Written by Go 1.26's `encoding/json`, all behind `invalid character `. */
const recorded: Readonly<Record<string, string>> = {
  "'f": "'\\'' looking for beginning of value",
  '{"a" 1}': "'1' after object key",
  '{"a":1 "b"}': "'\"' after object key:value pair",
  '[1 2]': "'2' after array element",
  '{a:1}': "'a' looking for beginning of object key string",
  '{"a":1,}': "'}' looking for beginning of object key string",
  '[1,]': "']' looking for beginning of value",
  '{]': "']' looking for beginning of object key string",
  '[}': "'}' looking for beginning of value",
  '{"a":}': "'}' looking for beginning of value",
  ',': "',' looking for beginning of value",
  trux: "'x' in literal true (expecting 'e')",
  nul1: "'1' in literal null (expecting 'l')",
  falze: "'z' in literal false (expecting 's')",
  '-a': "'a' in numeric literal",
  '1.a': "'a' after decimal point in numeric literal",
  '1ea': "'a' in exponent of numeric literal",
  '1e+a': "'a' in exponent of numeric literal",
  '"\\q"': "'q' in string escape code",
  '"\\u12g4"': "'g' in \\u hexadecimal character escape",
  '"a\nb"': "'\\n' in string literal",
  '"\0"': "'\\x00' in string literal",
  '["a\tb"]': "'\\t' in string literal",
  '[true\v]': "'\\v' after array element",
  '\\': "'\\\\' looking for beginning of value",
  '\xef\xbb\xbf{}': "'ï' looking for beginning of value",
  '\xa0': "'\\u00a0' looking for beginning of value",
  '\xad': "'\\u00ad' looking for beginning of value",
  '\x7f': "'\\x7f' looking for beginning of value",
  '\x1b': "'\\x1b' looking for beginning of value",
  '\xff': "'ÿ' looking for beginning of value",
}

test('what is wrong is told in the words of Go', (t: TestContext) => {
  for (const [text, problem] of Object.entries(recorded)) {
    t.assert.equal(goSyntaxError(Buffer.from(text, 'latin1')), `invalid character ${problem}`, text)
  }
})

test('ten thousand containers may stand in one another, and no more', (t: TestContext) => {
  t.assert.equal(goSyntaxError(Buffer.from('['.repeat(10_000))), null)
  const problem = "invalid character '[' exceeded max depth"
  t.assert.equal(goSyntaxError(Buffer.from('['.repeat(1_000_000))), problem)
})

test('nothing is wrong with what is only cut short', (t: TestContext) => {
  for (const text of ['', ' ', '{"a":[1,"b\\u0', 'tru', '-', '[1,', '1e']) {
    t.assert.equal(goSyntaxError(Buffer.from(text)), null, text)
  }
})

test('nothing is wrong with JSON, nor with any beginning of it', async (t: TestContext) => {
  const json = fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text))
  await fc.assert(
    fc.property(json, fc.nat(1000), (bytes, length) => {
      t.assert.equal(goSyntaxError(bytes), null)
      t.assert.equal(goSyntaxError(bytes.subarray(0, length)), null)
    }),
  )
})

test('before a byte that may stand nowhere, all but a whole value is wrong', async (t: TestContext) => {
  const characters = fc.constantFrom(...'{}[]",:\\01.eE+-truefalsn \n\t\xe9')
  const texts = fc.array(characters, { minLength: 1, maxLength: 12 }).map((all) => all.join(''))
  await fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(`${text}\x01`, 'latin1')
      const isWhole = skipValue(bytes, 0, bytes.length - 1) >= 0
      t.assert.equal(goSyntaxError(bytes) === null, isWhole, JSON.stringify(text))
    }),
    { numRuns: 5_000 },
  )
})
