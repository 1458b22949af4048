import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { readCounters, useBetween } from './counters.ts'
import { stolenSeconds } from './process-cpu.ts'

test('shares and cores are differences between two readings', async (t: TestContext) => {
  const stack = await serving(t)
  stack.node = { calls: 100, errors: 1, usageSeconds: 5, atMs: 1000 }
  const begin = await readCounters(stack.sources)
  stack.node = { calls: 160, errors: 1, usageSeconds: 6, atMs: 3000 }
  const use = useBetween(begin, await readCounters(stack.sources))
  t.assert.deepEqual(use.nodes, [
    {
      ...{ id: 'a', calls: 60, errors: 0, cpuCores: 0.5, capacityCores: 0.25 },
      ...{ memoryBytes: 4096, diskBytesPerSecond: 3000, networkBytesPerSecond: null },
    },
  ])
  t.assert.ok(use.machineCpuCores >= 0)
})

test('what the host gave to others is read from the first line of /proc/stat', (t: TestContext) => {
  const stat =
    'cpu  4980410 114642 902438 3486483 31380 0 106067 160500 3 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n'
  t.assert.equal(stolenSeconds(stat), 1_605)
  t.assert.equal(stolenSeconds('cpu  1 2 3 4'), 0)
  t.assert.equal(stolenSeconds(''), 0)
})

test("HAProxy's calls are counted by its own table, with the nodes' figures from the agent", async (t: TestContext) => {
  const stack = await serving(t)
  stack.node = { calls: 100, errors: 2, usageSeconds: 5, atMs: 1000 }
  const { nodes } = await readCounters({
    ...stack.sources,
    statsUrl: `${stack.sources.adminUrl}/stats;csv`,
  })
  t.assert.deepEqual([...nodes.keys()], ['a'])
  const { calls, errors, cpuSeconds } = nodes.get('a') ?? {}
  t.assert.deepEqual([calls, errors, cpuSeconds], [100, 3, 5])
})

test('a node without figures of CPU has none, rather than 0', async (t: TestContext) => {
  const stack = await serving(t)
  stack.node = { calls: 100, errors: 0 }
  const begin = await readCounters(stack.sources)
  const use = useBetween(begin, await readCounters(stack.sources))
  t.assert.equal(use.nodes[0]?.cpuCores, null)
})

test('an agent that has not read anew gives no cores, rather than none used', async (t: TestContext) => {
  const stack = await serving(t)
  const begin = await readCounters(stack.sources)
  const use = useBetween(begin, await readCounters(stack.sources))
  t.assert.equal(use.nodes[0]?.cpuCores, null)
})

test('the CPU of a process that lives is known, that of one that does not is not', {
  skip: process.platform === 'linux' ? false : 'there is no /proc here',
}, async (t: TestContext) => {
  const stack = await serving(t)
  const alive = await readCounters(stack.sources)
  t.assert.ok((alive.proxyCpuSeconds ?? 0) > 0)
  const gone = await readCounters({ ...stack.sources, proxyPid: 2 ** 22 + 1 })
  t.assert.equal(gone.proxyCpuSeconds, null)
  t.assert.equal(useBetween(gone, alive).proxyCpuCores, null)
})

test('an admin port that refuses is an error with its status', async (t: TestContext) => {
  const stack = await serving(t)
  const adminUrl = `${stack.sources.adminUrl}/nowhere`
  await t.assert.rejects(readCounters({ ...stack.sources, adminUrl }), /answered 404/)
})

type FakeNode = { calls: number; errors: number; usageSeconds?: number; atMs?: number }

async function serving(t: TestContext) {
  const stack = {
    node: { calls: 1, errors: 0, usageSeconds: 1, atMs: 1 } as FakeNode,
    sources: {
      ...{ adminUrl: '', agentUrl: '', statsUrl: null as string | null },
      ...{ proxyPid: process.pid, ownPids: [process.pid] },
    },
  }
  const server = createServer((request, response) => {
    const { calls, errors, usageSeconds, atMs } = stack.node
    if (request.url === '/api/fleet') {
      response.end(JSON.stringify({ strategy: 'x', nodes: [{ id: 'a', calls, errors }] }))
    } else if (request.url === '/v1/state') {
      const disk = { disk_bytes: calls * 100, mem_current: 4096 }
      const raw = { cpu_usage_s: usageSeconds, at_ms: atMs, ...disk }
      const node = { id: 'a', name: 'a', x: {}, cap: { cpus: 0.25 }, raw, src: 'proc', age: 0 }
      const nodes = [node]
      response.end(JSON.stringify({ v: 1, host: 'h', seq: 1, t: 1, interval: 250, nodes }))
    } else if (request.url === '/stats;csv') {
      response.end(
        `# pxname,svname,stot,econ,eresp\nstats,FRONTEND,9,,\nnodes,a,${calls},1,${errors}\nnodes,BACKEND,${calls},1,0\n`,
      )
    } else {
      response.writeHead(404).end()
    }
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stack.sources.adminUrl = url
  stack.sources.agentUrl = url
  return stack
}
