import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseReport } from '../report.ts'

const bin = fileURLToPath(new URL('../bin.ts', import.meta.url))
const watchMe = ['--pid', `self=${process.pid}`, '--port', '0']

type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** The program as an operator starts it; killed with the test if it still runs then. */
function start(t: TestContext, words: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'close').then(([code]): Ended => ({ code, ...text }))
  return { child, text, ended }
}

/** Its address, from the one line that it prints. */
async function listening(t: TestContext, words: readonly string[]) {
  const started = start(t, words)
  await t.waitFor(() => t.assert.match(started.text.out, /\n/), { timeout: 30_000 })
  const url = /^equipoise-agent listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(started.text.out)
  if (url?.[1] === undefined) throw new Error(started.text.out)
  return { ...started, url: url[1] }
}

test('the version is that of the package', async (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const { code, out } = await start(t, ['--version']).ended
  t.assert.equal(out, `${manifest.version}\n`)
  t.assert.equal(code, 0)
})

test('the help has every option and examples, and no colour in a pipe', async (t: TestContext) => {
  const { code, out } = await start(t, ['--help']).ended
  t.assert.equal(code, 0)
  for (const word of [
    '--pid',
    '--addr',
    '--port',
    '--interval',
    '--host',
    '--token-file',
    '--tls.ca',
    '--haproxy-port',
    '--push',
    'Examples',
  ]) {
    t.assert.ok(out.includes(word), word)
  }
  t.assert.ok(!out.includes('\u001b'))
})

test('bad usage is one line a problem, and exit code 2', async (t: TestContext) => {
  const words = ['--pid', 'a', '--port', 'x', '--addr', '0.0.0.0', '--nope']
  const { code, out, err } = await start(t, words).ended
  t.assert.equal(code, 2)
  t.assert.equal(out, '')
  t.assert.deepEqual(
    err
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':')[0]),
    ['--nope', '--pid a', '--port x', '--pid, --container, --label', '--addr 0.0.0.0'],
  )
})

test('an option without its value is bad usage too', async (t: TestContext) => {
  const { code, err } = await start(t, ['--pid']).ended
  t.assert.equal(code, 2)
  t.assert.equal(err.trimEnd().split('\n').length, 1)
})

test('a taken port is one line that names the flag, and exit code 1', async (t: TestContext) => {
  const { url } = await listening(t, watchMe)
  const { port } = new URL(url)
  const { code, err } = await start(t, [...watchMe, '--port', port]).ended
  t.assert.equal(code, 1)
  t.assert.match(err, new RegExp(`^--port ${port}: already in use on 127\\.0\\.0\\.1;[^\\n]*\\n$`))
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends it cleanly while a stream is open`, async (t: TestContext) => {
    const { child, ended, url } = await listening(t, watchMe)
    const response = await fetch(`${url}/v1/stream`)
    const text = response.text()
    child.kill(signal)
    const { code } = await ended
    t.assert.equal(code, 0)
    const [first = ''] = (await text).split('\n')
    t.assert.equal(parseReport(JSON.parse(first)).nodes[0]?.id, 'self')
  })
}

test('through ps there are CPU and memory and nothing that ps does not know', async (t) => {
  const { url } = await listening(t, [...watchMe, '--source', 'ps'])
  await t.waitFor(
    async () => {
      const report = parseReport(await (await fetch(`${url}/v1/state`)).json())
      const [node] = report.nodes
      t.assert.equal(node?.src, 'ps')
      t.assert.deepEqual(Object.keys(node?.x ?? {}), ['cpu', 'memory'])
    },
    { timeout: 30_000, interval: 200 },
  )
})
