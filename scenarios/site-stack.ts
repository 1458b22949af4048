import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { BenchConfig } from './config.ts'
import type { Site } from './site.ts'
import { clientOf } from './site-targets.ts'
import { type Stack, type StackEvent, startStack } from './stack.ts'
import { seedChain } from './workloads/seed.ts'

const blockTimeMs = 1000
const readyTimeoutMs = 15_000
const pollMs = 50
/** Notes of events kept for the report; more only say that it went badly. */
const maxNotes = 20

/** Events after which a trial says nothing about its strategy. */
const fatal: ReadonlySet<StackEvent['kind']> = new Set(['node-died', 'service-died', 'diverged'])

const fleetSchema = z.object({
  strategy: z.string(),
  nodes: z.array(z.object({ health: z.string(), reportAgeMs: z.number().nullable() })),
})

/**
 * A fleet of our own with its agent and its proxy, on a chain that holds something to read. The proxy
 * is restarted with the strategy for each trial, so that none inherits what another has learned.
 *
 * @throws Error when the stack does not come up; nothing is left running then
 */
export async function openStack(
  config: BenchConfig,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Site> {
  const notes: string[] = []
  const deaths: string[] = []
  tell(
    `starting ${config.nodes === 1 ? 'one node' : `${config.nodes} nodes`}, the agent and the proxy`,
  )
  const stack = await startStack({
    nodes: config.nodes,
    blockTimeMs,
    cpus: config.cpus,
    strategy: config.contenders[0]?.name ?? '',
    httpPort: 0,
    adminPort: 0,
    agentPort: 0,
    contracts: false,
    onEvent: ({ kind, text }) => {
      tell(text)
      if (fatal.has(kind)) deaths.push(text)
      if (notes.length < maxNotes && !notes.includes(text)) notes.push(text)
    },
  })
  try {
    tell('making blocks with something to read')
    const facts = await seedChain({
      endpoint: stack.endpoint,
      nodeUrls: stack.fleet.nodes.map(({ url }) => url),
      accounts: stack.accounts,
      signal,
    })
    return {
      facts,
      client: await clientOf(stack.endpoint, signal),
      commands: stack.commands,
      notes,
      prepare: async ({ name }) => {
        await stack.restartProxy(name)
        await untilReady(stack, name, signal)
        const { endpoint, adminUrl, agentUrl } = stack
        return { url: endpoint, sources: { adminUrl, agentUrl, proxyPid: stack.proxyPid() } }
      },
      assertSound: () => {
        if (deaths.length > 0) throw new Error(deaths.join('; '))
      },
      close: () => stack.close(),
    }
  } catch (error) {
    await stack.close()
    throw error
  }
}

/** Waits until the proxy has the strategy, sees every node well and has a report of each. */
async function untilReady(stack: Stack, strategy: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs
  for (;;) {
    const response = await fetch(`${stack.adminUrl}/api/fleet`, { signal })
    const fleet = fleetSchema.parse(await response.json())
    const isReady = fleet.nodes.every(
      ({ health, reportAgeMs }) => health === 'up' && reportAgeMs !== null,
    )
    if (isReady && fleet.strategy === strategy) return
    if (performance.now() > deadlineMs) {
      throw new Error(
        `the proxy was not ready within ${readyTimeoutMs / 1000} s: ${JSON.stringify(fleet)}`,
      )
    }
    await wait(pollMs, undefined, { signal })
  }
}
