import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { showsToken } from './token.ts'

const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
const file = join(folder, 'token')
test.after(() => rmSync(folder, { recursive: true }))

test('only the token of the file gets in', async (t) => {
  writeFileSync(file, 'secret\n')
  t.assert.equal(await showsToken('Bearer secret', file), true)
  t.assert.equal(await showsToken('bearer  secret', file), true)
  for (const header of [
    undefined,
    '',
    'secret',
    'Bearer',
    'Bearer secre',
    'Bearer secrett',
    'Basic secret',
  ]) {
    t.assert.equal(await showsToken(header, file), false, header ?? 'none')
  }
})

test('a token that is changed holds from then on', async (t) => {
  writeFileSync(file, 'old')
  t.assert.equal(await showsToken('Bearer old', file), true)
  writeFileSync(file, 'new')
  t.assert.equal(await showsToken('Bearer old', file), false)
  t.assert.equal(await showsToken('Bearer new', file), true)
})

test('without a token nobody gets in', async (t) => {
  writeFileSync(file, '\n')
  await t.assert.rejects(showsToken('Bearer ', file))
  await t.assert.rejects(showsToken('Bearer x', join(folder, 'none')))
})
