import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const passing = `import { test } from 'node:test'\ntest('passes', () => {})\n`
const failing = `import { test } from 'node:test'\ntest('fails', () => { throw new Error('always') })\n`
/** Fails once, as a test does that was starved. */
const starved = `import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
const mark = import.meta.filename + '.ran'
test('is starved', () => {
  if (existsSync(mark)) return
  writeFileSync(mark, '')
  throw new Error('late')
})
`

test('all that pass are run once', async (t: TestContext) => {
  const { code, said } = await suites(t, { a: passing, b: passing })
  t.assert.equal(code, 0)
  t.assert.doesNotMatch(said, /once more/)
})

test('a file that failed is run once more, alone, and that is said', async (t: TestContext) => {
  const { code, said } = await suites(t, { a: passing, b: starved })
  t.assert.equal(code, 0)
  t.assert.match(said, /failed, and is run once more, alone: \S*b\.test\.mjs/)
  t.assert.match(said, /passed when run alone, having failed beside others: \S*b\.test\.mjs/)
})

test('what fails twice fails, and so does what is no test', async (t: TestContext) => {
  const twice = await suites(t, { a: passing, b: failing })
  t.assert.equal(twice.code, 1)
  t.assert.match(twice.said, /failed twice: \S*b\.test\.mjs/)
  t.assert.equal((await suites(t, { a: 'throw new Error("broken")' })).code, 1)
})

test('where many fail, nothing is run again', async (t: TestContext) => {
  const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, starved]))
  const { code, said } = await suites(t, files)
  t.assert.equal(code, 1)
  t.assert.doesNotMatch(said, /once more/)
})

/** Runs files in a process of its own, as the commands do. */
async function suites(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-suites-test-'))
  t.after(() => rm(folder, { recursive: true }))
  const paths: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, `${name}.test.mjs`)
    await writeFile(path, text)
    paths.push(path)
  }
  const program = `import { runSuites } from ${JSON.stringify(new URL('suites.ts', import.meta.url).href)}
process.exitCode = await runSuites(${JSON.stringify(paths)}, { concurrency: 2 })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(child, 'close')
  return { code, said }
}
