import type { BenchConfig } from '../config.ts'
import { foreignCores } from '../foreign.ts'
import { generateSaturation } from '../load/generator.ts'
import { CounterWindow } from '../measure/counter-window.ts'
import type { Capacity } from '../report/results.ts'
import type { Place, Site } from '../site.ts'

/** Calls under way at all times. */
const outstanding = 24
const longestMs = 12_000
const shortestMs = 4_000
/** Caches and compiled code come first. */
const warmShare = 0.4

export type CapacityOrder = {
  readonly config: BenchConfig
  readonly workload: string
  readonly tell: (line: string) => void
  /** What is told of it begins with this. */
  readonly label: string
}

/**
 * Answers a second that a site gives under the baseline when it is always asked for more: what loads
 * are shares of. Disturbed measurements are made again, as trials are.
 * @throws Error when the machine was never at peace, or when calls failed
 */
export async function measureCapacity(
  order: CapacityOrder,
  site: Site,
  signal: AbortSignal,
): Promise<Capacity> {
  const { config, label, tell } = order
  const { mostForeignCores, mostTries, keepsDisturbed } = config.rules
  const baseline = config.contenders.find(({ name }) => name === config.baseline)
  if (baseline === undefined) throw new RangeError(`no contender ${config.baseline}`)
  const durationMs = Math.min(longestMs, Math.max(shortestMs, config.durationMs))
  const place = await site.prepare(baseline, signal)
  await saturated(order, site, place, warmShare * durationMs, signal)
  for (let tries = 1; ; tries += 1) {
    const { perSecond, foreign } = await saturated(order, site, place, durationMs, signal)
    const isSound = foreign === null || foreign <= mostForeignCores
    const verdict = isSound ? '' : `; disturbed: ${foreign.toFixed(2)} cores of foreign CPU`
    tell(`${label}: capacity ${perSecond.toFixed(0)} calls/s${verdict}`)
    if (isSound || (keepsDisturbed && tries >= mostTries)) {
      return { perSecond, under: config.baseline, measuredAt: new Date().toISOString() }
    }
    if (tries >= mostTries) {
      throw new Error(`${label}: the capacity was never measured without foreign CPU`)
    }
  }
}

async function saturated(
  { config, workload }: CapacityOrder,
  site: Site,
  { url, sources }: Place,
  durationMs: number,
  signal: AbortSignal,
): Promise<{ readonly perSecond: number; readonly foreign: number | null }> {
  const { seed, timeoutMs } = config
  const window = new CounterWindow(sources)
  await site.disturb(seed)
  const generated = await generateSaturation(
    {
      ...{ kind: 'saturation', workload, facts: site.facts, stream: 'capacity' },
      ...{ seed, timeoutMs, durationMs, connections: outstanding },
      // Autocannon speaks HTTP alone; the same port takes both.
      url: url.replace(/^ws/, 'http'),
    },
    { signal, onWindow: () => window.pass() },
  ).finally(() => site.calm())
  site.assertSound()
  const { answersPerSecond, failed } = generated.result
  if (failed > 0) throw new Error(`${failed} calls failed at the most load`)
  const perSecond = Number(answersPerSecond.toFixed(1))
  return { perSecond, foreign: foreignCores(await window.use(), generated.cpuCores) }
}
