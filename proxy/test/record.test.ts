import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseRecordLine } from '../record.ts'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('a record holds every try with its node, and is whole when the proxy has ended', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const [a] = nodes
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-record-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'record.ndjson')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--record', file])
  await proxy.order('PUT', 'strategy', { name: 'round-robin' })
  a.on('eth_getBalance', () => 'drop')
  for (let i = 0; i < 4; i += 1) {
    const body = `{"jsonrpc":"2.0","id":${i},"method":"eth_getBalance","params":[]}`
    const response = await proxy.fetch(body)
    await response.body?.cancel()
  }
  proxy.child.kill('SIGTERM')
  t.assert.equal((await proxy.ended()).code, 0)
  const lines = readFileSync(file, 'utf8').trim().split('\n').map(parseRecordLine)
  t.assert.deepEqual(
    lines.slice(0, 2).map(({ k }) => k),
    ['start', 'strategy'],
  )
  const calls = lines.filter((line) => line.k === 'call')
  t.assert.equal(calls.filter(({ node, failed }) => node === 'b' && !failed).length, 4)
  t.assert.ok(calls.some(({ node, failed }) => node === 'a' && failed))
  t.assert.ok(calls.every(({ key, kind }) => key === 'eth_getBalance' && kind === 'read'))
})
