import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { Agent, request } from 'undici'
import type { FleetSnapshot } from '../admin/snapshot.ts'
import { parseConfig } from '../config.ts'
import { stubDocker } from '../discovery/test/stub-docker.ts'
import { createProxy } from '../proxy.ts'
import { AgentAccess } from '../upstream/agent-access.ts'
import { Collector } from '../upstream/collector.ts'
import { HeadFollower } from '../upstream/head.ts'
import { NodeSocket } from '../upstream/node-socket.ts'
import { Upstream } from '../upstream/upstream.ts'
import { stubNodes } from './stub-node.ts'

/** Far more than anything here takes on a busy machine. */
const patienceMs = 60_000
const pollMs = 50

/** A few in each run of all tests; `CHURN_ROUNDS=20` for a thousand nodes. */
const rounds = Number(process.env['CHURN_ROUNDS'] ?? 3)
const nodesPerRound = 50
const nodesInAll = rounds * nodesPerRound

/** A client pauses so long between calls, so that load leaves room for what comes and goes. */
const thinkMs = 5

/** Idle connections of the load; nodes that left their own behind would leave many more. */
const spare = 25

/** Kept for each node: none of them may outlive it. */
const kinds = { Upstream, HeadFollower, NodeSocket, Collector }

test('nodes come and go by the hundred under load: no call fails, and nothing of them stays', async (t: TestContext) => {
  const [good] = await stubNodes(t, 'good')
  const many = await manyNodes(t)
  const docker = await stubDocker(t)
  const { proxy, url, fleet, adminUrl } = await running(t, {
    // So small that those who come are asked at once, though with a tenth of a core at first.
    nodes: [{ id: 'good', url: good.url, cores: 0.01 }],
    providers: { docker: { endpoint: docker.endpoint } },
  })
  const before = resources()
  const load = loadOn(url)
  for (let round = 0; round < rounds; round += 1) {
    docker.containers.clear()
    for (let i = 0; i < nodesPerRound; i += 1) {
      const path = `/n${round}-${i}`
      // Half have an agent, in each round another one.
      const agent = i % 2 === 0 ? { 'agent.url': `${many.url}/agent-${round}` } : {}
      docker.containers.set(`n${round}-${i}`, { port: many.port, path, ...agent })
    }
    docker.tell('start')
    await until(fleet, ({ discovery }) => discovery.joined === (round + 1) * nodesPerRound)
  }
  docker.containers.clear()
  docker.tell('die')
  const { discovery } = await until(fleet, ({ nodes }) => nodes.length === 1)
  t.assert.deepEqual([discovery.joined, discovery.left], [nodesInAll, nodesInAll])
  const { calls, failures } = await load.end()
  t.assert.deepEqual(failures, [])
  t.assert.ok(calls > rounds)
  t.assert.ok(many.asked.size > 0, 'none of the many ever served')
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  const named = new Set([...metrics.matchAll(/node="([^"]*)"/g)].map(([, node]) => node))
  t.assert.deepEqual([...named], ['good'])
  t.assert.doesNotMatch(metrics, /equipoise_agent_up\{/)
  for (const [name, kind] of Object.entries(kinds)) {
    const most = kind === Collector ? 0 : 1
    const count = (): number => queryObjects(kind, { format: 'count' })
    await untilTrue(
      () => count() <= most,
      () => `${count()} of ${name}`,
    )
  }
  await untilTrue(
    () => many.streams() === 0,
    () => `${many.streams()} streams of agents`,
  )
  await untilTrue(
    () =>
      Object.entries(resources()).every(([name, count]) => count <= (before[name] ?? 0) + spare),
    () => JSON.stringify({ before, after: resources() }),
  )
  await proxy.close(0)
})

test('nodes that flap with every event cost no call while one stays', async (t: TestContext) => {
  const [good, a, b] = await stubNodes(t, 'good', 'a', 'b')
  const docker = await stubDocker(t, {})
  const { url, fleet } = await running(t, {
    nodes: [{ id: 'good', url: good.url }],
    providers: { docker: { endpoint: docker.endpoint } },
    strategy: 'round-robin',
  })
  const load = loadOn(url)
  for (let i = 0; i < 20; i += 1) {
    // The same name, each time somewhere else.
    const { port } = new URL(i % 2 === 0 ? a.url : b.url)
    docker.containers.set('flapping', { port })
    docker.tell('start')
    await until(fleet, ({ nodes }) => nodes.some((node) => node.url.endsWith(`:${port}`)))
    if (i % 3 === 0) {
      docker.containers.clear()
      docker.tell('die')
      await until(fleet, ({ nodes }) => nodes.length === 1)
    }
  }
  const { failures } = await load.end()
  t.assert.deepEqual(failures, [])
})

/** One server that stands for as many nodes and agents as there are paths. */
async function manyNodes(t: TestContext) {
  const asked = new Set<string>()
  const streams = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path.endsWith('/v1/stream')) {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
      streams.add(response)
      response.once('close', () => streams.delete(response))
      return
    }
    // They speak no WebSocket.
    if (request.method !== 'POST') {
      response.writeHead(405).end()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      if (method === 'eth_getBalance') asked.add(path)
      const result = answers[method] ?? path
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return { url, port: String(port), asked, streams: () => streams.size }
}

/** As the stub nodes of these tests answer. */
const answers: Readonly<Record<string, string>> = {
  eth_chainId: '0x7a69',
  eth_blockNumber: '0x10',
  web3_clientVersion: 'Geth/v1.17.5',
}

async function running(t: TestContext, config: object) {
  const parsed = parseConfig({ http: { port: 0 }, admin: { port: 0 }, ...config })
  const secrets = { adminToken: null, agents: new AgentAccess() }
  const proxy = createProxy(parsed, secrets, '0.0.0', { info() {}, warn() {}, error() {} })
  t.after(() => proxy.close(0))
  const { url, adminUrl } = await proxy.listen()
  const fleet = async (): Promise<FleetSnapshot> => {
    const response = await fetch(`${adminUrl}/api/fleet`)
    return (await response.json()) as FleetSnapshot
  }
  return { proxy, url, adminUrl, fleet }
}

/** Four clients that read one call after the other, until the end. */
function loadOn(url: string) {
  const failures: string[] = []
  let calls = 0
  let isOver = false
  const body = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x1","latest"]}'
  const headers = { 'content-type': 'application/json' }
  const agent = new Agent()
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      calls += 1
      const response = await request(url, { method: 'POST', headers, body, dispatcher: agent })
      const text = await response.body.text()
      if (response.statusCode !== 200 || text.includes('"error"')) failures.push(text)
      await pause(thinkMs)
    }
  })
  return {
    async end() {
      isOver = true
      await Promise.all(clients)
      // A client that stays remembers who answered it last.
      await agent.close()
      return { calls, failures }
    },
  }
}

async function until(
  fleet: () => Promise<FleetSnapshot>,
  isWanted: (fleet: FleetSnapshot) => boolean,
): Promise<FleetSnapshot> {
  for (const untilMs = performance.now() + patienceMs; ; ) {
    const now = await fleet()
    if (isWanted(now)) return now
    if (performance.now() > untilMs) throw new Error(JSON.stringify(now.discovery))
    await pause(pollMs)
  }
}

async function untilTrue(isTrue: () => boolean, inWords: () => string): Promise<void> {
  for (const untilMs = performance.now() + patienceMs; !isTrue(); ) {
    if (performance.now() > untilMs) throw new Error(inWords())
    await pause(10 * pollMs)
  }
}

/** What keeps this process busy, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
