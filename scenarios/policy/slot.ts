import { z } from 'zod'
import { generateLoad } from '../load/generator.ts'
import type { Profile } from './profiles.ts'
import type { Stand } from './stand.ts'
import type { TrialClient } from './trial-fleet.ts'
import { UsageWindow, usageSchema } from './usage.ts'

const tallySchema = z.object({
  sent: z.number(),
  succeeded: z.number(),
  inWindow: z.number(),
  failures: z.record(z.string(), z.number()),
  meanMs: z.number(),
  histogram: z.string(),
})

/** One line of `slots.ndjson`. CPU in cores, means over the measured time. */
export const slotSchema = z.object({
  client: z.string(),
  profile: z.string(),
  load: z.number(),
  seed: z.number(),
  strategy: z.string(),
  startedAt: z.string(),
  ratePerSecond: z.number(),
  warmupMs: z.number(),
  durationMs: z.number(),
  classes: z.record(z.string(), tallySchema),
  /** How much later than intended the generator sent. */
  lateness: z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }),
  mostInFlight: z.number(),
  /** Words of some failures. */
  examples: z.array(z.string()),
  ...usageSchema.shape,
  /** Share of time in which the generator's event loop was busy. */
  generatorBusy: z.number(),
  /** Why it does not count, or null. */
  dropped: z.string().nullable(),
})

/** What one slot of one strategy gave. */
export type Slot = z.infer<typeof slotSchema>

export type SlotOrder = {
  readonly client: TrialClient
  readonly profile: Profile
  readonly load: number
  readonly seed: number
  readonly strategy: string
  readonly ratePerSecond: number
  readonly warmupMs: number
  readonly durationMs: number
  /** More foreign CPU than so many cores, and the slot does not count. */
  readonly mostForeignCores: number
  /** The generator sent one call in a hundred later than this, and the slot does not count. */
  readonly mostLateMs: number
}

const maxInFlight = 2_000
const timeoutMs = 20_000

/**
 * Has the stand's proxy use one strategy under open-loop load, lets it learn during the warm-up, then
 * measures. Slots of one seed get the same calls at the same times, and the same neighbour.
 * @throws Error when something of the stand has ended; the signal's reason when aborted
 */
export async function measureSlot(
  order: SlotOrder,
  stand: Stand,
  signal: AbortSignal,
): Promise<Slot> {
  const { client, profile, load, seed, strategy, ratePerSecond, warmupMs, durationMs } = order
  await stand.choose(strategy)
  const startedAt = new Date().toISOString()
  const window = new UsageWindow(stand)
  await stand.neighbour?.begin(seed)
  const { result, cpuCores, loopBusy } = await generateLoad(
    {
      kind: 'open-loop',
      url: stand.url,
      workload: profile.workload,
      facts: stand.facts,
      stream: `${profile.workload}/${load}`,
      ...{ seed, ratePerSecond, warmupMs, durationMs, maxInFlight, timeoutMs },
    },
    {
      signal,
      onWindow: () => window.pass(),
    },
  ).finally(() => stand.neighbour?.rest())
  stand.assertSound()
  const usage = await window.usage(cpuCores)
  const { foreign } = usage.cores
  return {
    ...{ client, profile: profile.name, load, seed, strategy, startedAt },
    ...{ ratePerSecond, warmupMs, durationMs },
    classes: { ...result.classes },
    lateness: { ...result.lateness },
    mostInFlight: result.mostInFlight,
    examples: [...result.examples],
    ...usage,
    generatorBusy: loopBusy,
    dropped: disturbance(foreign, result.lateness.p99Ms, order),
  }
}

/** What kept the slot from being a fair one, by rules fixed before it; null where nothing did. */
function disturbance(
  foreignCores: number,
  lateP99Ms: number,
  { mostForeignCores, mostLateMs }: SlotOrder,
): string | null {
  if (foreignCores > mostForeignCores) return `${foreignCores.toFixed(2)} cores of foreign CPU`
  return lateP99Ms > mostLateMs ? `calls were sent up to ${lateP99Ms.toFixed(1)} ms late` : null
}
