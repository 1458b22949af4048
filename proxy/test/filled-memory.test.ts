import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const megabyte = 1_000_000

test('10⁵ sessions and 10⁵ entries of the journal stay within 150 MB', (t: TestContext) => {
  const args = ['--expose-gc', join(import.meta.dirname, 'filled-memory.ts')]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  t.assert.equal(run.stderr, '')
  const { sessions, journal, rssBytes } = JSON.parse(run.stdout)
  t.assert.equal(sessions, 100_000)
  t.assert.equal(journal, 100_000)
  t.diagnostic(`${Math.round(rssBytes / megabyte)} MB more in RAM`)
  t.assert.ok(rssBytes < 150 * megabyte, `${rssBytes / megabyte} MB`)
})
