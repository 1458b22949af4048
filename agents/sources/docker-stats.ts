import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { ContainerLimits } from '../containers/container.ts'
import type { Engine } from '../containers/engine.ts'
import type { Sample, Source } from './source.ts'

/** Where no period is told, it is the kernel's own. */
const defaultPeriodS = 0.1

/** Between two tries to read an engine that ended its statistics. */
const pauseMs = 2_000

export type DockerStatsOptions = {
  readonly engine: Engine
  readonly containerId: string
  /** As they are now: they may be changed while the container runs. */
  readonly limits: () => ContainerLimits
  readonly clock: Clock
}

/**
 * One container as the Docker Engine tells it, once a second: for containers whose files this machine
 * does not show, such as those of Docker Desktop. No pressure, and each costs the engine 0.2 % of a
 * core; the kernel's own files are better wherever they can be read.
 */
export class DockerStats implements Source {
  readonly name = 'docker'
  readonly #options: DockerStatsOptions
  readonly #aborter = new AbortController()
  #last: Sample | undefined

  constructor(options: DockerStatsOptions) {
    this.#options = options
    void this.#follow()
  }

  /** Grows old while the engine says nothing. Whether the container runs, the engine says elsewhere. */
  sample(): Sample | undefined {
    return this.#last
  }

  glance(): undefined {
    return undefined
  }

  close(): void {
    this.#aborter.abort()
  }

  async #follow(): Promise<void> {
    const { engine, containerId, limits, clock } = this.#options
    const { signal } = this.#aborter
    while (!signal.aborted) {
      try {
        for await (const stats of await engine.stats(containerId, signal)) {
          this.#last = sampleOf(stats, limits(), clock.nowMs()) ?? this.#last
        }
      } catch {
        // An engine that went away is told of by the table of its containers; figures grow old here.
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}

/**
 * What `GET /containers/ID/stats` answers, with the names of cgroup v1 or v2. Undefined when nothing
 * is told, as of a container that has just ended.
 */
export function sampleOf(
  stats: unknown,
  limits: ContainerLimits,
  atMs: number,
): Sample | undefined {
  const cpu = fieldsOf(fieldsOf(stats)['cpu_stats'])
  const usageNs = numberOf(fieldsOf(cpu['cpu_usage'])['total_usage'])
  const onlineCpus = numberOf(cpu['online_cpus'])
  if (usageNs === undefined || onlineCpus === undefined) return undefined
  const sample: Sample = { atMs, epoch: 0, cpuUsageS: usageNs / 1e9 }
  sample.cpus = Math.min(onlineCpus, limits.cpus ?? onlineCpus)
  if (limits.cpus !== undefined) {
    sample.quotaS = limits.cpus * defaultPeriodS
    sample.periodS = defaultPeriodS
    readThrottling(fieldsOf(cpu['throttling_data']), sample)
  }
  readMemory(fieldsOf(fieldsOf(stats)['memory_stats']), limits, sample)
  readTraffic(fieldsOf(stats), sample)
  return sample
}

function readThrottling(data: Fields, into: Sample): void {
  put(into, 'nrPeriods', numberOf(data['periods']))
  put(into, 'nrThrottled', numberOf(data['throttled_periods']))
  const throttledNs = numberOf(data['throttled_time'])
  if (throttledNs !== undefined) into.throttledS = throttledNs / 1e9
}

function readMemory(memory: Fields, limits: ContainerLimits, into: Sample): void {
  const stat = fieldsOf(memory['stats'])
  const inactive = numberOf(stat['total_inactive_file']) ?? numberOf(stat['inactive_file'])
  const active = numberOf(stat['total_active_file']) ?? numberOf(stat['active_file'])
  put(into, 'memCurrentBytes', numberOf(memory['usage']))
  put(into, 'memSlabBytes', numberOf(stat['slab_reclaimable']))
  if (inactive !== undefined && active !== undefined) into.memFileBytes = inactive + active
  // Where nothing limits the container this is the memory of its host.
  const told = numberOf(memory['limit'])
  const bytes = Math.min(
    told ?? Number.POSITIVE_INFINITY,
    limits.memBytes ?? Number.POSITIVE_INFINITY,
  )
  if (Number.isFinite(bytes) && bytes > 0) into.memLimitBytes = bytes
}

function readTraffic(stats: Fields, into: Sample): void {
  const entries = fieldsOf(stats['blkio_stats'])['io_service_bytes_recursive']
  // Of cgroup v1 it is empty unless a throttle rule exists: then nothing is known.
  if (Array.isArray(entries) && entries.length > 0) {
    into.diskBytes = sum(entries.map(fieldsOf).filter(isTransfer), 'value')
  }
  const networks = Object.values(fieldsOf(stats['networks'])).map(fieldsOf)
  if (networks.length > 0) into.netBytes = sum(networks, 'rx_bytes') + sum(networks, 'tx_bytes')
}

type Fields = Readonly<Record<string, unknown>>

function isTransfer(entry: Fields): boolean {
  return /^(read|write)$/i.test(String(entry['op']))
}

function sum(entries: readonly Fields[], name: string): number {
  return entries.reduce((total, entry) => total + (numberOf(entry[name]) ?? 0), 0)
}

type NumberField = 'nrPeriods' | 'nrThrottled' | 'memCurrentBytes' | 'memSlabBytes'

function put(into: Sample, name: NumberField, value: number | undefined): void {
  if (value !== undefined) into[name] = value
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
