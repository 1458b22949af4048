import { type TestContext, test } from 'node:test'
import { decodeLines, encodeLine, JournalDamage } from './journal-lines.ts'

const records = Array.from({ length: 60 }, (_, n) => ({ n, raw: 'ab'.repeat(n), text: 'ä\n' }))
const bytes = Buffer.from(records.map(encodeLine).join(''))

test('cut at any byte, the records that were whole are read and no others', (t: TestContext) => {
  const ends = [...bytes.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at] : []))
  for (let length = 0; length <= bytes.length; length += 1) {
    const found = decodeLines(bytes.subarray(0, length))
    // A last line that lacks nothing but its newline counts.
    const whole = ends.filter((end) => end <= length).length
    t.assert.deepEqual(found.records, records.slice(0, whole), `cut at ${length}`)
    t.assert.ok(found.goodBytes <= length)
    t.assert.deepEqual(decodeLines(bytes.subarray(0, found.goodBytes)).records, found.records)
  }
})

test('no flipped bit goes unseen', (t: TestContext) => {
  const short = Buffer.from(records.slice(0, 12).map(encodeLine).join(''))
  for (let bit = 0; bit < short.length * 8; bit += 1) {
    const flipped = Buffer.from(short)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    t.assert.throws(() => decodeLines(flipped), JournalDamage, `bit ${bit}`)
  }
})

test('a bit flipped in what a crash cut short costs no record that was whole', (t: TestContext) => {
  const cut = bytes.subarray(0, bytes.length - 30)
  const lineStart = cut.lastIndexOf(0x0a) + 1
  for (let bit = lineStart * 8; bit < cut.length * 8; bit += 1) {
    const flipped = Buffer.from(cut)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    try {
      t.assert.deepEqual(decodeLines(flipped).records, records.slice(0, -1))
    } catch (error) {
      if (!(error instanceof JournalDamage)) throw error
    }
  }
})
