import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { parseReport } from '../../agents/report.ts'

const pollMs = 50
const readyTimeoutMs = 30_000
/** Nodes rest at less than this share of their CPU; a Geth's own housekeeping takes some. */
const idleCpu = 0.35
/** Nobody waits longer than this for the nodes to rest. */
const restTimeoutMs = 5_000

const chosenSchema = z.object({ strategy: z.string() })
const fleetSchema = z.object({
  nodes: z.array(
    z.object({ health: z.string(), inFlight: z.number(), reportAgeMs: z.number().nullable() }),
  ),
})

/**
 * Switches the proxy to a strategy.
 * @returns the strategy as the proxy names it
 * @throws Error in the proxy's words when it knows no such strategy
 */
export async function chooseStrategy(adminUrl: string, strategy: string): Promise<string> {
  const response = await fetch(`${adminUrl}/api/strategy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: strategy }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${strategy}: the proxy answered ${text.trim()}`)
  return chosenSchema.parse(JSON.parse(text)).strategy
}

/**
 * Waits until no call is under way, every node is well and reported on, and rests.
 * @returns a sentence when the nodes would not rest in time; null when they do
 * @throws Error when the nodes are not well in time; the signal's reason when aborted
 */
export async function untilIdle(
  adminUrl: string,
  agentUrl: string,
  signal: AbortSignal,
): Promise<string | null> {
  const startedMs = performance.now()
  for (;;) {
    const fleet = fleetSchema.parse(await json(`${adminUrl}/api/fleet`, signal))
    const isWell = fleet.nodes.every(
      ({ health, inFlight, reportAgeMs }) =>
        health === 'up' && inFlight === 0 && reportAgeMs !== null,
    )
    const waitedMs = performance.now() - startedMs
    if (isWell && (await busiest(agentUrl, signal)) < idleCpu) return null
    if (isWell && waitedMs > restTimeoutMs) {
      return `a node was still busy ${restTimeoutMs / 1000} s after the last call`
    }
    if (waitedMs > readyTimeoutMs) {
      throw new Error(`the fleet was not ready in time: ${JSON.stringify(fleet)}`)
    }
    await pause(pollMs, undefined, { signal })
  }
}

/** CPU use ÷ quota of the node with the most. */
async function busiest(agentUrl: string, signal: AbortSignal): Promise<number> {
  const { nodes } = parseReport(await json(`${agentUrl}/v1/state`, signal))
  return Math.max(0, ...nodes.map(({ x }) => x.cpu ?? 0))
}

async function json(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return await response.json()
}
