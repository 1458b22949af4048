import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('asked to end, it lets calls under way end, takes no others, and leaves with 0', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const release = Promise.withResolvers<{ result: number }>()
  node.on('eth_call', () => release.promise)
  const proxy = await runningProxy(t, asFlags(nodes))
  const arrived = node.arrival('eth_call')
  const held = proxy.call('eth_call')
  await arrived
  proxy.child.kill('SIGTERM')
  await refusal(proxy.url)
  release.resolve({ result: 7 })
  t.assert.equal((await held).result, 7)
  const { code, signal, stderr } = await proxy.ended()
  t.assert.deepEqual([code, signal], [0, null], stderr)
})

test('a connection ends with the answer it waited for, though its client would keep it', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const release = Promise.withResolvers<{ result: number }>()
  node.on('eth_call', () => release.promise)
  const proxy = await runningProxy(t, asFlags(nodes))
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const headers = { 'content-type': 'application/json' }
  const arrived = node.arrival('eth_call')
  const asked = request(proxy.url, { agent, method: 'POST', headers })
  asked.end('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}')
  await arrived
  proxy.child.kill('SIGTERM')
  await refusal(proxy.url)
  release.resolve({ result: 7 })
  const [response] = await once(asked, 'response')
  t.assert.equal(await text(response), '{"jsonrpc":"2.0","id":1,"result":7}')
  t.assert.equal(response.headers.connection, 'close')
  t.assert.equal((await proxy.ended()).code, 0)
})

test('asked twice, it does not wait', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  node.on('eth_call', () => 'hold')
  const proxy = await runningProxy(t, asFlags(nodes))
  const arrived = node.arrival('eth_call')
  const held = proxy.call('eth_call').catch(() => 'cut off')
  await arrived
  proxy.child.kill('SIGTERM')
  await refusal(proxy.url)
  proxy.child.kill('SIGTERM')
  t.assert.equal((await proxy.ended()).code, 1)
  t.assert.equal(await held, 'cut off')
})

/** Resolves when connections are refused. */
async function refusal(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  for (;;) {
    const socket = connect(Number(port), hostname)
    try {
      await once(socket, 'connect')
    } catch {
      return
    }
    socket.destroy()
  }
}
