import { type TestContext, test } from 'node:test'
import type { Turn } from './compare.ts'
import { Progress, progressLine } from './progress.ts'

const cell = { id: 'equal/mixed-reads/0.7', profile: null, workload: 'mixed-reads', load: 0.7 }
const slot = { cell, contender: { name: 'round-robin', url: null }, repeat: 0 }
const turn: Turn = { number: 2, of: 4, slot }

test('a bar shows the share done and the time left', (t: TestContext) => {
  t.assert.equal(
    progressLine(0.5, 61_500, '2/4 round-robin'),
    '━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌  50 %  1:02 left  2/4 round-robin',
  )
  t.assert.match(progressLine(0, 0, ''), /^╌{24} {3}0 % {2}0:00 left/)
  t.assert.match(progressLine(1, 0, ''), /^━{24} 100 %/)
})

test('in a pipe each step is one plain line', (t: TestContext) => {
  const written: string[] = []
  const progress = new Progress({ write: (text) => written.push(text) })
  progress.tell('fleet is up')
  progress.begin(turn, 1000)
  progress.close()
  t.assert.deepEqual(written, [
    'fleet is up\n',
    'trial 2 of 4: round-robin, repeat 1, equal/mixed-reads/0.7\n',
  ])
})

test('on a terminal the line is redrawn in place, fits it and is removed at the end', (t: TestContext) => {
  const written: string[] = []
  const progress = new Progress({ isTTY: true, columns: 30, write: (text) => written.push(text) })
  progress.begin(turn, 1000)
  progress.tell('a node died')
  progress.close()
  const erase = '\r\u001b[2K'
  t.assert.ok(written.every((text) => text.startsWith(erase)))
  t.assert.equal(written[1], `${erase}a node died\n`)
  t.assert.equal(written.at(-1), erase)
  for (const text of written) t.assert.ok(text.length - erase.length < 30)
})
