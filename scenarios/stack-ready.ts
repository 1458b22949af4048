import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

const timeoutMs = 30_000
const pollMs = 50

const fleetSchema = z.object({
  nodes: z.array(
    z.object({ id: z.string(), health: z.string(), reportAgeMs: z.number().nullable() }),
  ),
})

/**
 * Waits until the proxy sees every node well and has a report of each.
 * @throws Error that names the nodes it still misses after half a minute
 */
export async function untilAllSeen(adminUrl: string, ids: readonly string[]): Promise<void> {
  const untilMs = performance.now() + timeoutMs
  for (;;) {
    const response = await fetch(`${adminUrl}/api/fleet`)
    const { nodes } = fleetSchema.parse(await response.json())
    const seen = nodes.filter((node) => node.health === 'up' && node.reportAgeMs !== null)
    const missing = ids.filter((id) => !seen.some((node) => node.id === id))
    if (missing.length === 0) return
    if (performance.now() > untilMs) {
      throw new Error(`the proxy does not see ${missing.join(', ')} well, or lacks its reports`)
    }
    await pause(pollMs)
  }
}
