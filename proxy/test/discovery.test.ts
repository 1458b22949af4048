import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stubDocker } from '../discovery/test/stub-docker.ts'
import { stubAgent } from '../upstream/test/stub-agent.ts'
import { fileWith, nodeOf, type ProxyProcess, runningProxy } from './running-proxy.ts'
import { type StubNode, stubNodes } from './stub-node.ts'

test('the proxy starts without a node and is ready when a provider has found one', async (t: TestContext) => {
  const [a] = await stubNodes(t, 'a')
  const file = await nodeFile(t)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  t.assert.equal(await readiness(proxy), 503)
  const refused = await proxy.call('eth_getBalance', '0x1', 'latest')
  t.assert.equal(refused.error?.message, 'service unavailable')
  const { discovery } = await proxy.fleet()
  t.assert.deepEqual(
    discovery.providers.map(({ name, up, nodes }) => [name, up, nodes]),
    [
      ['static', true, 0],
      ['file', true, 0],
    ],
  )
  await file.write(a)
  await proxy.until(({ ready }) => ready)
  t.assert.equal(await readiness(proxy), 200)
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
})

test('what a provider has found before the ports open is asked before they do', async (t: TestContext) => {
  const [a] = await stubNodes(t, 'a')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
})

test('a node that comes to others is given its share little by little, the first ones are not', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  const why = async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}'
    const response = await proxy.fetch(body, { 'x-equipoise-explain': '1' })
    await response.body?.cancel()
    return response.headers.get('x-equipoise-why') ?? ''
  }
  await proxy.untilNode('a', ({ health }) => health === 'up')
  const alone = Number(/distance=([\d.]+)/.exec(await why())?.[1])
  await file.write(a, b)
  await proxy.untilNode('b', ({ health }) => health === 'up')
  const [, distance, joining] = /distance=([\d.]+); runner-up=b:([\d.]+)/.exec(await why()) ?? []
  t.assert.ok(Number(distance) < 2 * alone, `${distance}, ${alone} alone`)
  t.assert.ok(Number(joining) > 1.2 * Number(distance), `${joining} beside ${distance}`)
})

test('a node that leaves ends the calls it has, takes no new ones, and nothing of it is shown after', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  const answer = Promise.withResolvers<void>()
  a.on('eth_call', async () => {
    await answer.promise
    return { result: { node: 'a' } }
  })
  const arrived = a.arrival('eth_call')
  const calling = proxy.call('eth_call', {}, 'latest')
  await arrived
  await file.write(a, b)
  await proxy.untilNode('b', ({ health }) => health === 'up')
  await file.write(b)
  const leaving = await proxy.untilNode('a', ({ draining }) => draining)
  t.assert.equal(leaving.inFlight, 1)
  a.reset()
  for (let i = 0; i < 20; i += 1) {
    t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'b')
  }
  t.assert.deepEqual(a.methods, [])
  answer.resolve()
  t.assert.equal((await calling).result?.node, 'a')
  await proxy.until(({ nodes }) => nodes.every(({ id }) => id !== 'a'))
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.assert.doesNotMatch(metrics, /node="a"/)
  t.assert.match(metrics, /^equipoise_discovery_left_total 1$/m)
  t.assert.match(metrics, /^equipoise_discovery_nodes\{provider="file"\} 1$/m)
})

test('the last node serves on when nobody names it any more, until another does', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  await file.write()
  await proxy.untilNode('a', ({ draining }) => draining)
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
  await file.write(b)
  await proxy.until(({ nodes }) => nodes.map(({ id }) => id).join() === 'b')
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'b')
  // A dead one is not kept for anything.
  await file.write()
  await proxy.untilNode('b', ({ draining }) => draining)
  await b.stop()
  await proxy.until(({ nodes }) => nodes.length === 0)
})

test('a node of another chain, or of a height that it cannot show, never takes a call', async (t: TestContext) => {
  const [a, other, tall, twin] = await stubNodes(t, 'a', 'other', 'tall', 'twin')
  other.chainId = '0x1'
  tall.head = 1_000_000
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  // Were the most of them believed, they would be the fleet.
  await file.write(a, other, { ...at(other), id: 'other-2' }, tall, { ...at(twin), 'chain-id': 5 })
  for (const id of ['other', 'other-2', 'tall', 'twin']) {
    await proxy.untilNode(id, ({ health }) => health === 'wrong-chain')
  }
  const fleet = await proxy.fleet()
  t.assert.equal(nodeOf(fleet, 'other').reason, "chain 0x1, the fleet's is 0x7a69")
  t.assert.match(nodeOf(fleet, 'tall').reason ?? '', /^head 1000000, far above the fleet's/)
  t.assert.equal(nodeOf(fleet, 'twin').reason, 'chain 0x7a69, declared as 0x5')
  for (let i = 0; i < 20; i += 1) {
    t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
  }
  t.assert.deepEqual([other.methods, tall.methods, twin.methods], [[], [], []])
  // Asked again, it may do better.
  other.chainId = a.chainId
  await proxy.untilNode('other', ({ health }) => health === 'up')
})

test('a node of the same name at another address takes the place of the old one', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  await file.write({ ...at(b), id: 'a' })
  await proxy.until(({ nodes }) => nodes.length === 1 && nodes[0]?.url === b.url)
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'b')
})

test('a file that is wrong changes nothing, and shows', async (t: TestContext) => {
  const [a] = await stubNodes(t, 'a')
  const file = await nodeFile(t, a)
  const proxy = await runningProxy(t, ['--providers.file.path', file.path])
  await file.text('nodes: [{ id: a }]')
  const { discovery } = await proxy.until(({ discovery }) =>
    discovery.providers.some(({ up }) => up === false),
  )
  t.assert.match(discovery.providers[1]?.problem ?? '', /nodes\[0\]\.url: /)
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.assert.match(metrics, /^equipoise_config_last_reload_success 0$/m)
  t.assert.match(metrics, /^equipoise_discovery_up\{provider="file"\} 0$/m)
  t.assert.match(proxy.stderr, /provider failed: the nodes it named last are kept/)
})

test('on SIGHUP the nodes of the configuration are read again, all or none', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const config = await fileWith(t, JSON.stringify({ nodes: [at(a)] }))
  const proxy = await runningProxy(t, ['--config', config])
  await writeFile(config, JSON.stringify({ nodes: [at(b), { id: 'c' }] }))
  proxy.child.kill('SIGHUP')
  await proxy.until(({ discovery }) => discovery.providers[0]?.up === false)
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'a')
  await writeFile(config, JSON.stringify({ nodes: [at(b)] }))
  proxy.child.kill('SIGHUP')
  await proxy.until(({ nodes }) => nodes.map(({ id }) => id).join() === 'b')
  t.assert.equal((await proxy.call('eth_getBalance', '0x1', 'latest')).result?.node, 'b')
})

test('containers are found by their labels, with the agent of their host', async (t: TestContext) => {
  const [a, b] = await stubNodes(t, 'a', 'b')
  const agent = await stubAgent(t)
  const docker = await stubDocker(t, { 'geth-1': labelsOf(a) })
  const dialled = agent.dialled()
  const proxy = await runningProxy(t, [
    '--providers.docker',
    '--providers.docker.endpoint',
    docker.endpoint,
    '--providers.docker.agent',
    agent.url.href,
  ])
  await dialled
  const report = { x: { cpu: 0.5 }, cap: { cpus: 2 }, raw: {}, src: 'proc', age: 0 }
  const id = '0'.repeat(64)
  agent.report(1, [{ id, name: 'geth-1', ...report }])
  const seen = await proxy.untilNode('geth-1', ({ capacity }) => capacity !== null)
  t.assert.deepEqual(seen.capacity, { cpus: 2 })
  docker.containers.set('geth-2', { ...labelsOf(b), 'agent.mode': 'none', cores: '4' })
  docker.tell('start')
  await proxy.untilNode('geth-2', ({ health }) => health === 'up')
  docker.containers.delete('geth-1')
  docker.tell('die')
  await proxy.until(({ nodes }) => nodes.map(({ id }) => id).join() === 'geth-2')
  // Nobody goes by its reports any more.
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.assert.doesNotMatch(metrics, /equipoise_agent_up\{/)
  docker.containers.set('geth-2', { ...labelsOf(b), drain: 'true' })
  docker.tell('update')
  await proxy.untilNode('geth-2', ({ draining }) => draining)
})

/** A node as a file names it. */
type NamedNode = { readonly id: string; readonly url: string; readonly 'chain-id'?: number }

function at({ name, url }: StubNode): NamedNode {
  return { id: name, url }
}

function labelsOf({ url }: StubNode): Record<string, string> {
  return { port: new URL(url).port }
}

async function readiness(proxy: ProxyProcess): Promise<number> {
  const { status } = await fetch(`${proxy.adminUrl}/readyz`)
  return status
}

/** A file of nodes in a folder of its own, removed when the test ends; written whole each time. */
async function nodeFile(t: TestContext, ...first: readonly StubNode[]) {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-nodes-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'nodes.yaml')
  const text = async (content: string): Promise<void> => {
    await writeFile(join(folder, '.next'), content)
    await rename(join(folder, '.next'), path)
  }
  const write = async (...nodes: readonly (StubNode | NamedNode)[]) => {
    await text(JSON.stringify({ nodes: nodes.map((node) => ('id' in node ? node : at(node))) }))
  }
  await write(...first)
  return { path, text, write }
}
