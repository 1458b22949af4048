import { after, before, suite, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type Docker from 'dockerode'
import { z } from 'zod'
import { openDocker } from '../../fleets/docker/daemon.ts'
import { freezeContainer } from '../../fleets/docker/freeze.ts'
import { type Stack, startStack } from '../../stack.ts'
import { ReadingClients } from './reading-clients.ts'

const name = `load-${process.pid}`
const cpus = [0.4, 0.6, 1]
const nanosPerCore = 1e9
/** On an idle machine each state is there within two seconds; on a busy one it may take long. */
const capMs = 60_000
const pollMs = 20

const fleetSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      health: z.string(),
      head: z.number().nullable(),
      calls: z.number(),
      capacity: z.object({ cpus: z.number().optional() }).nullish(),
      reported: z.record(z.string(), z.number()).nullable(),
    }),
  ),
})

type Node = z.output<typeof fleetSchema>['nodes'][number]

suite('containers with unequal quotas, found by labels, under load', { timeout: 240_000 }, () => {
  let docker: Docker
  let stack: Stack
  let clients: ReadingClients

  before(async () => {
    docker = await openDocker()
    stack = await startStack({
      ...{ client: 'docker', name, nodes: cpus.length, cpus, blockTimeMs: 500 },
      memoryBytes: [512 * 1024 ** 2],
      ...{ strategy: 'state-space', httpPort: 0, adminPort: 0, agentPort: 0, contracts: false },
      onEvent: () => {},
    })
    clients = new ReadingClients(stack.endpoint, stack.accounts[0]?.address ?? '')
  })

  after(async () => {
    await clients.close()
    await stack.close()
    const left = await docker.listContainers({ all: true, filters: { name: [name] } })
    if (left.length > 0) throw new Error(`left behind: ${left.map(({ Names }) => Names)}`)
  })

  test('each is a node under its own name, with its quota as capacity', async (t: TestContext) => {
    await until((nodes) => nodes.every((node) => node.calls > 0))
    const nodes = await fleet()
    t.assert.deepEqual(nodes.map(({ id }) => id).sort(), ['geth-1', 'geth-2', 'geth-3'])
    for (const [i, quota] of cpus.entries()) {
      t.assert.equal(coresOf(nodes, `geth-${i + 1}`), quota)
    }
  })

  test('docker update: another capacity', async (t: TestContext) => {
    await noReadFails(t, async () => {
      await container('geth-1').update({ NanoCpus: 0.8 * nanosPerCore })
      t.diagnostic(`seen after ${await until((nodes) => coresOf(nodes, 'geth-1') === 0.8)} ms`)
    })
  })

  test('docker pause: down until it goes on', async (t: TestContext) => {
    await noReadFails(t, async () => {
      await freezeContainer(container('geth-2'))
      t.diagnostic(`not up after ${await until((nodes) => !isUp(nodes, 'geth-2'))} ms`)
      await container('geth-2').unpause()
      t.diagnostic(`up again after ${await until((nodes) => isUp(nodes, 'geth-2'))} ms`)
    })
  })

  test('docker restart: down, and back with the head', async (t: TestContext) => {
    await noReadFails(t, async () => {
      const restarted = container('geth-3').restart({ t: 5 })
      t.diagnostic(`not up after ${await until((nodes) => !isUp(nodes, 'geth-3'))} ms`)
      await restarted
      t.diagnostic(`up again after ${await until((nodes) => isUp(nodes, 'geth-3'))} ms`)
      await until(([first, ...others]) => others.every(({ head }) => head === first?.head))
    })
  })

  test('docker kill: down, and back when it is started again', async (t: TestContext) => {
    await noReadFails(t, async () => {
      await container('geth-1').kill()
      t.diagnostic(`not up after ${await until((nodes) => !isUp(nodes, 'geth-1'))} ms`)
      await container('geth-1').start()
      t.diagnostic(`up again after ${await until((nodes) => isUp(nodes, 'geth-1'))} ms`)
    })
  })

  test('docker rm: no node any more, and one again when it is made anew', async (t: TestContext) => {
    await noReadFails(t, async () => {
      await container('geth-2').remove({ force: true })
      t.diagnostic(`left after ${await until((nodes) => find(nodes, 'geth-2') === undefined)} ms`)
      // The fleet learns of it by an event, as the proxy does.
      await until(() => stack.fleet.nodes[1]?.pid() === null)
      await stack.fleet.restart('geth-2')
      t.diagnostic(`up again after ${await until((nodes) => isUp(nodes, 'geth-2'))} ms`)
    })
  })

  function container(id: string): Docker.Container {
    return docker.getContainer(`${name}-${id}`)
  }

  /** All the while and for some answers more, every read is answered rightly. */
  async function noReadFails(t: TestContext, work: () => Promise<void>): Promise<void> {
    const before = clients.answers
    await work()
    const enough = clients.answers + 50
    while (clients.answers < enough && clients.failures.length === 0) await pause(pollMs)
    t.assert.deepEqual(clients.failures, [])
    t.diagnostic(
      `${clients.answers - before} reads, the slowest so far ${clients.slowestMs.toFixed(0)} ms`,
    )
  }

  async function fleet(): Promise<readonly Node[]> {
    const response = await fetch(`${stack.adminUrl}/api/fleet`)
    return fleetSchema.parse(await response.json()).nodes
  }

  /** @returns milliseconds until it was so, rounded */
  async function until(isSo: (nodes: readonly Node[]) => boolean): Promise<string> {
    const beganMs = performance.now()
    for (;;) {
      const nodes = await fleet()
      const ms = performance.now() - beganMs
      if (isSo(nodes)) return ms.toFixed(0)
      if (ms > capMs) throw new Error(`it is not so: ${JSON.stringify(nodes)}`)
      await pause(pollMs)
    }
  }
})

function find(nodes: readonly Node[], id: string): Node | undefined {
  return nodes.find((node) => node.id === id)
}

function isUp(nodes: readonly Node[], id: string): boolean {
  return find(nodes, id)?.health === 'up'
}

function coresOf(nodes: readonly Node[], id: string): number | undefined {
  return find(nodes, id)?.capacity?.cpus
}
