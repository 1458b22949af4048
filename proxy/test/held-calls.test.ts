import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { stubAgent } from '../upstream/test/stub-agent.ts'
import { asFlags, fileWith, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

/** As much as a core does in a period of a quota, and more: a node has room for one of these. */
const heavy = batchOf('eth_getLogs', 30)

test('a heavy read waits at the proxy', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const proxy = await underQuota(t, asFlags(nodes))

  await t.test('until the one before it has ended; light reads pass it', async (t: TestContext) => {
    const { end } = await occupied()
    const second = proxy.fetch(heavy)
    await proxy.until(({ held }) => held.waiting === 1)
    const light = await proxy.fetch(batchOf('eth_chainId', 1))
    t.assert.equal(light.status, 200)
    // The node answers a batch one by one, and is at the first of them still.
    t.assert.equal(node.calls.filter(({ method }) => method === 'eth_getLogs').length, 1)
    end()
    t.assert.equal(((await (await second).json()) as unknown[]).length, 30)
    const { held } = await proxy.until(({ held }) => held.waiting === 0)
    t.assert.equal(held.total, 1)
  })

  await t.test('and never reaches a node when its client goes', async (t: TestContext) => {
    const { end, first } = await occupied()
    const leave = await ask(proxy.url, heavy)
    await proxy.until(({ held }) => held.waiting === 1)
    leave()
    await proxy.until(({ held }) => held.waiting === 0)
    end()
    await (await first).body?.cancel()
    await proxy.untilNode('a', ({ inFlight }) => inFlight === 0)
    t.assert.equal(node.calls.length, 30)
  })

  await t.test('but not where waiting is switched off', async (t: TestContext) => {
    const { end, first } = await occupied()
    const second = proxy.fetch(heavy)
    await proxy.until(({ held }) => held.waiting === 1)
    await proxy.order('PUT', 'strategy', { name: 'state-space', hold: 'off' })
    await proxy.untilNode('a', ({ inFlight }) => inFlight === 2)
    end()
    for (const response of await Promise.all([first, second])) {
      t.assert.equal(((await response.json()) as unknown[]).length, 30)
    }
  })

  /** The node works at one heavy read, until `end`. */
  async function occupied() {
    const { promise, resolve } = Promise.withResolvers<void>()
    node.reset()
    node.on('eth_getLogs', async () => {
      await promise
      return { result: [] }
    })
    const arrived = node.arrival('eth_getLogs')
    const first = proxy.fetch(heavy)
    await arrived
    return { first, end: resolve }
  }
})

test('a heavy read that waits until its time is over is told so', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const config = await fileWith(t, 'limits: { timeout: 400ms }')
  const proxy = await underQuota(t, [...asFlags(nodes), '--config', config])
  node.on('eth_getLogs', () => 'hold')
  // Over WebSocket there is no such limit.
  const socket = new WebSocket(proxy.url.replace('http:', 'ws:'))
  t.after(() => socket.close())
  await once(socket, 'open')
  const arrived = node.arrival('eth_getLogs')
  socket.send(heavy)
  await arrived
  const response = await proxy.fetch(heavy)
  const [first] = (await response.json()) as { error: { code: number } }[]
  t.assert.equal(first?.error.code, -32002)
  t.assert.equal(node.calls.length, 30)
})

/** A proxy in front of node `a`, whose agent says that a quota of half a core limits it. */
async function underQuota(t: TestContext, flags: readonly string[]) {
  const agent = await stubAgent(t)
  const dialled = agent.dialled()
  const proxy = await runningProxy(t, [...flags, '--agent', `a=${agent.url.href}`])
  await dialled
  let seq = 0
  const report = (): void => {
    seq += 1
    const seconds = seq / 10
    const raw = { at_ms: 1_000 * seconds, cpu_usage_s: seconds / 2, quota_s: 0.05, period_s: 0.1 }
    const x = { cpu: 1, cpu_pressure: 0.5 }
    agent.report(seq, [{ id: 'a', name: 'a', x, cap: { cpus: 0.5 }, raw, src: 'stub', age: 0 }])
  }
  const timer = setInterval(report, 100)
  t.after(() => clearInterval(timer))
  await proxy.untilNode('a', ({ rung }) => rung === 'quota-guessed')
  return proxy
}

function batchOf(method: string, count: number): string {
  const calls = Array.from({ length: count }, (_, id) => {
    return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":[]}`
  })
  return `[${calls.join()}]`
}

/** Sends a request and returns what ends its connection. */
async function ask(url: string, body: string): Promise<() => void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(
    `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  return () => socket.destroy()
}
