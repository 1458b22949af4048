import { z } from 'zod'
import { type Counters, readCounters, useBetween } from '../measure/counters.ts'
import { processCpuSeconds } from '../measure/process-cpu.ts'
import type { Stand } from './stand.ts'

/** Who used how much CPU, in cores, means over the measured time. */
export const usageSchema = z.object({
  nodes: z.array(
    z.object({ id: z.string(), calls: z.number(), cpuCores: z.number(), quotaCores: z.number() }),
  ),
  cores: z.object({
    /** Used by all nodes' groups, a neighbour in them included. */
    nodes: z.number(),
    quota: z.number(),
    proxy: z.number(),
    generator: z.number(),
    agent: z.number(),
    /** Used by all that has no part in the trial. */
    foreign: z.number(),
  }),
})

export type TrialUsage = z.infer<typeof usageSchema>

/** The counters of a stand at the begin and at the end of what is measured. */
export class UsageWindow {
  readonly #stand: Stand
  readonly #readings: Promise<Reading>[] = []

  constructor(stand: Stand) {
    this.#stand = stand
  }

  /** Called twice, when it begins and when it ends. */
  pass(): void {
    const reading = read(this.#stand)
    reading.catch(() => {}) // Told by `usage`, where it is awaited.
    this.#readings.push(reading)
  }

  /** @throws Error when a counter could not be read */
  async usage(generatorCores: number): Promise<TrialUsage> {
    const [begin, end] = await Promise.all(this.#readings)
    if (begin === undefined || end === undefined) throw new Error('the load had no measured window')
    const use = useBetween(begin.counters, end.counters)
    const seconds = (end.counters.atMs - begin.counters.atMs) / 1000
    const nodes = use.nodes.map(({ id, calls, cpuCores, capacityCores }) => {
      if (cpuCores === null) throw new Error(`the agent knows nothing of the CPU of ${id}`)
      return { id, calls, cpuCores, quotaCores: capacityCores ?? 0 }
    })
    const own = {
      nodes: nodes.reduce((sum, node) => sum + node.cpuCores, 0),
      proxy: use.proxyCpuCores ?? 0,
      generator: generatorCores,
      agent: (end.agentSeconds - begin.agentSeconds) / seconds,
    }
    const self = (end.selfSeconds - begin.selfSeconds) / seconds
    const known = own.nodes + own.proxy + own.generator + own.agent + self
    const foreign = Math.max(0, use.machineCpuCores - known)
    return { nodes, cores: { ...own, quota: this.#stand.quotaCores, foreign } }
  }
}

type Reading = {
  readonly counters: Counters
  readonly agentSeconds: number
  readonly selfSeconds: number
}

async function read(stand: Stand): Promise<Reading> {
  const { user, system } = process.cpuUsage()
  const [counters, agentSeconds] = await Promise.all([
    readCounters(stand.sources),
    processCpuSeconds(stand.agentPid),
  ])
  return { counters, agentSeconds: agentSeconds ?? 0, selfSeconds: (user + system) / 1e6 }
}
