import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { generateSaturation } from '../load/generator.ts'
import type { Profile } from './profiles.ts'
import type { Stand } from './stand.ts'
import { UsageWindow } from './usage.ts'

/** Calls under way at all times. */
const outstanding = 24
const warmMs = 5_000
const durationMs = 12_000
const timeoutMs = 20_000
/** Any; the neighbour's order does not change what it takes. */
const seed = 1

const capacitiesSchema = z.record(
  z.string(),
  z.object({ perSecond: z.number().positive(), strategy: z.string(), measuredAt: z.string() }),
)

export type CapacityOrder = {
  readonly profile: Profile
  /** Under which the most is answered; the baseline, most of the time. */
  readonly strategy: string
  /** What was measured with more foreign CPU is measured again, and so often at most. */
  readonly mostForeignCores: number
  readonly mostDrops: number
  /** Holds what was measured, so that all slots there get one rate. */
  readonly directory: string
  readonly tell: (line: string) => void
}

/**
 * Answers a second that a stand gives when it is always asked for more, which loads are shares of.
 * Measured once for each profile and folder.
 * @throws Error when the machine was never at peace
 */
export async function capacityOf(
  order: CapacityOrder,
  stand: Stand,
  signal: AbortSignal,
): Promise<number> {
  const { profile, strategy, mostForeignCores, mostDrops, directory, tell } = order
  const file = join(directory, 'capacity.json')
  const known = await keptCapacities(file)
  const kept = known[profile.name]
  if (kept !== undefined) return kept.perSecond
  await stand.choose(strategy)
  await saturated(profile, stand, warmMs, signal)
  for (let tries = 0; tries < mostDrops; tries += 1) {
    const { perSecond, foreign } = await saturated(profile, stand, durationMs, signal)
    const isSound = foreign <= mostForeignCores
    const verdict = isSound ? '' : `; dropped: ${foreign.toFixed(2)} cores of foreign CPU`
    tell(`${profile.name}: capacity ${perSecond} calls/s${verdict}`)
    if (!isSound) continue
    const entry = { perSecond, strategy, measuredAt: new Date().toISOString() }
    await writeFile(file, `${JSON.stringify({ ...known, [profile.name]: entry }, null, 2)}\n`)
    return perSecond
  }
  throw new Error(`the capacity of ${profile.name} was never measured without foreign CPU`)
}

async function saturated(
  profile: Profile,
  stand: Stand,
  durationMs: number,
  signal: AbortSignal,
): Promise<{ readonly perSecond: number; readonly foreign: number }> {
  const window = new UsageWindow(stand)
  await stand.neighbour?.begin(seed)
  const { result, cpuCores } = await generateSaturation(
    {
      kind: 'saturation',
      url: stand.url,
      workload: profile.workload,
      facts: stand.facts,
      connections: outstanding,
      stream: 'capacity',
      ...{ seed, timeoutMs, durationMs },
    },
    { signal, onWindow: () => window.pass() },
  ).finally(() => stand.neighbour?.rest())
  if (result.failed > 0) throw new Error(`${result.failed} calls failed at the most load`)
  const { cores } = await window.usage(cpuCores)
  return { perSecond: Number(result.answersPerSecond.toFixed(1)), foreign: cores.foreign }
}

/** What was measured into a folder: answers a second by profile. */
export async function keptCapacities(file: string): Promise<z.infer<typeof capacitiesSchema>> {
  const text = await readFile(file, 'utf8').catch(() => '{}') // None measured yet.
  return capacitiesSchema.parse(JSON.parse(text))
}
