import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type LargeForm, largeNode, largeText } from './large-node.ts'
import { fileWith, nodeOf, type ProxyProcess, runningProxy } from './running-proxy.ts'

const size = 5_000_000
const text = largeText(size)
const whole = Buffer.concat([
  Buffer.from('{"jsonrpc":"2.0","id":"mine","result":'),
  text,
  Buffer.from('}'),
])

test('a large answer', async (t: TestContext) => {
  const proxy = await runningProxy(t, ['--node', await largeNode(t), '--http.api', 'test'])

  await t.test(
    'comes through byte for byte, counted where the node counted',
    async (t: TestContext) => {
      const counted = await ask(proxy, 'counted')
      t.assert.equal(counted.headers['content-length'], String(whole.length))
      t.assert.ok((await bytesOf(counted)).equals(whole))
      const chunked = await ask(proxy, 'chunked')
      t.assert.equal(chunked.headers['transfer-encoding'], 'chunked')
      t.assert.ok((await bytesOf(chunked)).equals(whole))
    },
  )

  await t.test(
    'is without the newline that old Geths send, but where it was promised',
    async (t: TestContext) => {
      t.assert.ok((await bytesOf(await ask(proxy, 'chunked newline'))).equals(whole))
      const promised = await bytesOf(await ask(proxy, 'counted newline'))
      t.assert.ok(promised.equals(Buffer.concat([whole, Buffer.from('\n')])))
    },
  )

  await t.test('is compressed as it flows', async (t: TestContext) => {
    const response = await ask(proxy, 'counted', { 'Accept-Encoding': 'gzip' })
    t.assert.equal(response.headers['content-encoding'], 'gzip')
    const bytes = await bytesOf(response)
    t.assert.equal(bytes[9], 0xff)
    t.assert.ok(gunzipSync(bytes).equals(whole))
  })

  await t.test('in another form is held and then understood', async (t: TestContext) => {
    t.assert.ok((await bytesOf(await ask(proxy, 'id last'))).equals(whole))
    const error = JSON.parse(String(await bytesOf(await ask(proxy, 'error'))))
    t.assert.equal(error.error.data, text.toString('latin1', 1, size - 1))
  })

  await t.test('of a batch stands in its place', async (t: TestContext) => {
    const call = `{"jsonrpc":"2.0","id":"mine","method":"test_large","params":[${size},"counted"]}`
    const answers = Buffer.from(await proxy.post(`[${call}]`))
    t.assert.ok(answers.equals(Buffer.concat([Buffer.from('['), whole, Buffer.from(']')])))
  })

  await t.test(
    'cut short by its node ends the connection and does not look whole',
    async (t: TestContext) => {
      for (const encoding of ['identity', 'gzip']) {
        const response = await ask(proxy, 'cut', { 'Accept-Encoding': encoding })
        await t.assert.rejects(bytesOf(response), { code: 'ECONNRESET' })
      }
      await proxy.untilNode('node-1', ({ errors, inFlight }) => errors === 2 && inFlight === 0)
    },
  )

  await t.test(
    'left by its client is not the node’s failure, and leaves nothing behind',
    async (t: TestContext) => {
      const before = nodeOf(await proxy.fleet(), 'node-1').errors
      const response = await ask(proxy, 'never ends')
      await once(response, 'readable')
      t.assert.equal(nodeOf(await proxy.fleet(), 'node-1').inFlight, 1)
      response.destroy()
      const node = await proxy.untilNode('node-1', ({ inFlight }) => inFlight === 0)
      t.assert.equal(node.errors, before)
    },
  )
})

test('a client that leaves a large answer lying is cut off, and its node is not blamed', async (t: TestContext) => {
  const config = await fileWith(t, 'limits: { timeout: 2s }\n')
  const flags = ['--config', config, '--node', await largeNode(t), '--http.api', 'test']
  const proxy = await runningProxy(t, flags)
  const response = await ask(proxy, 'counted', {}, 100_000_000)
  const { errors, breaker } = await proxy.untilNode('node-1', ({ calls, inFlight }) => {
    return calls > 0 && inFlight === 0
  })
  t.assert.deepEqual([errors, breaker], [0, 'closed'])
  await t.assert.rejects(bytesOf(response), { code: 'ECONNRESET' })
})

async function ask(
  proxy: ProxyProcess,
  form: LargeForm,
  headers: Record<string, string> = {},
  bytes = size,
): Promise<IncomingMessage> {
  const asked = request(proxy.url, {
    agent: false,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
  })
  asked.end(`{"jsonrpc":"2.0","id":"mine","method":"test_large","params":[${bytes},"${form}"]}`)
  const [response] = await once(asked, 'response')
  return response
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return Buffer.concat(parts)
}
