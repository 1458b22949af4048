import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseResults, readResults, writeResults } from './results.ts'

const golden = new URL('./golden/results.json', import.meta.url).pathname

test('what is written is read the same', async (t: TestContext) => {
  const folder = await temporary(t)
  const results = await readResults(golden)
  await writeResults(folder, results)
  t.assert.deepEqual(await readResults(folder), results)
  t.assert.deepEqual(await readdir(folder), ['results.json'])
})

test('a result of another version is refused with the version wanted', async (t: TestContext) => {
  const results = await readResults(golden)
  t.assert.throws(() => parseResults({ ...results, schema: 'equipoise-bench/9' }), {
    name: 'ResultsError',
    message: /^schema: .*equipoise-bench\/2/,
  })
})

test('every field that is wrong is named with its path', async (t: TestContext) => {
  const results = await readResults(golden)
  const broken = {
    ...results,
    parameters: { ...results.parameters, durationMs: 0 },
    trials: [{ ...results.trials[0], repeat: -1 }],
  }
  t.assert.throws(
    () => parseResults(broken),
    (error: Error) => {
      t.assert.match(error.message, /^parameters\.durationMs: /m)
      t.assert.match(error.message, /^trials\.0\.repeat: /m)
      return true
    },
  )
})

test('a file that is not JSON is refused by name', async (t: TestContext) => {
  const folder = await temporary(t)
  const file = join(folder, 'results.json')
  await writeFile(file, '{"schema":')
  await t.assert.rejects(readResults(folder), { name: 'ResultsError', message: /is not JSON/ })
})

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-results-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
