import type { BenchConfig, Contender } from './config.ts'
import { type Generated, generateLoad, generateSaturation } from './load/generator.ts'
import type { OpenLoopResult } from './load/open-loop.ts'
import {
  type CounterSources,
  type Counters,
  readCounters,
  type Use,
  useBetween,
} from './measure/counters.ts'
import type { Trial } from './report/results.ts'
import type { Site } from './site.ts'

/** Which trial to make, and of what. */
export type TrialOrder = {
  readonly config: BenchConfig
  readonly contender: Contender
  /** Trials with the same number get the same arrivals and arguments. */
  readonly repeat: number
}

/** Calls kept under way by `--saturate`. */
const saturationConnections = 32

/**
 * One trial: makes the site ready, loads it, and reads the counters at both ends of the measured
 * window, the warm-up left out.
 *
 * @throws the signal's reason when aborted; Error when the site or the generator fails
 */
export async function runTrial(order: TrialOrder, site: Site, signal: AbortSignal): Promise<Trial> {
  const { config, contender, repeat } = order
  signal.throwIfAborted()
  const { url, sources } = await site.prepare(contender)
  const startedAt = new Date().toISOString()
  const target = {
    url,
    workload: config.workload,
    facts: site.facts,
    seed: config.seed,
    stream: `repeat-${repeat}`,
    timeoutMs: config.timeoutMs,
  }
  const { ratePerSecond, warmupMs, durationMs, maxInFlight } = config
  const window = new Window(sources)
  const generated = await generateLoad(
    { ...target, kind: 'open-loop', ratePerSecond, warmupMs, durationMs, maxInFlight },
    { signal, onWindow: (phase) => window.pass(phase) },
  )
  site.assertSound()
  const use = await window.use()
  const saturation = config.saturate
    ? await generateSaturation(
        { ...target, kind: 'saturation', connections: saturationConnections, durationMs },
        { signal },
      )
    : null
  site.assertSound()
  return {
    contender: contender.name,
    repeat,
    startedAt,
    ...outcome(generated),
    nodes: [...(use?.nodes ?? [])],
    proxyCpuCores: use?.proxyCpuCores ?? null,
    foreignCpuCores: use === null ? null : foreignCores(use, generated),
    saturation: saturation?.result ?? null,
  }
}

/** The counters at the begin and the end of a measured window. */
class Window {
  readonly #sources: CounterSources | null
  #begin: Promise<Counters> | null = null
  #end: Promise<Counters> | null = null

  constructor(sources: CounterSources | null) {
    this.#sources = sources
  }

  pass(phase: 'begin' | 'end'): void {
    if (this.#sources === null) return
    const reading = readCounters(this.#sources)
    // Its failure is told by `use`; until then nobody awaits it.
    reading.catch(() => {})
    if (phase === 'begin') this.#begin = reading
    else this.#end = reading
  }

  async use(): Promise<Use | null> {
    return this.#begin === null || this.#end === null
      ? null
      : useBetween(await this.#begin, await this.#end)
  }
}

type Outcome = Pick<Trial, 'classes' | 'lateness' | 'mostInFlight' | 'examples' | 'generator'>

function outcome({ result, cpuCores, loopBusy }: Generated<OpenLoopResult>): Outcome {
  const { classes, lateness, mostInFlight, examples } = result
  return {
    classes: { ...classes },
    lateness: { ...lateness },
    mostInFlight,
    examples: [...examples],
    generator: { cpuCores, loopBusy },
  }
}

/**
 * What the machine did besides nodes, proxy and generator; the agent and this program, together some
 * hundredths of a core, are in it. Null when a part is not known.
 */
function foreignCores(use: Use, generated: Generated<OpenLoopResult>): number | null {
  let own = generated.cpuCores
  for (const cores of [use.proxyCpuCores, ...use.nodes.map((node) => node.cpuCores)]) {
    if (cores === null) return null
    own += cores
  }
  return Math.max(0, use.machineCpuCores - own)
}
