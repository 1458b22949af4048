import {
  type Capacity,
  capacityRanges,
  type Dimension,
  dimensions,
  type RawFigures,
  rawRange,
  type StatePoint,
} from './report.ts'
import type { Glance, Sample } from './sources/source.ts'

/** What the operator says a node may use at most, where the machine cannot know; bytes a second. */
export type Declared = {
  readonly networkBytesPerS?: number
  readonly diskBytesPerS?: number
}

/** A sample, scaled: what a report says of one node. */
export type Figures = { readonly x: StatePoint; readonly cap: Capacity; readonly raw: RawFigures }

/**
 * Windows over which the rates are taken: pressure follows latency and is calm enough at once, the
 * rest is not. Use of a CPU under a quota comes in bursts (standard deviation 0.19 over 250 ms at
 * a mean of 0.42, 0.08 over 1 s), so it is smoothed with a time constant instead.
 */
const pressureMs = 250
const ioPressureMs = 500
const throttledMs = 500
const slowMs = 1000
const cpuTauMs = 1000

/** A timer that is a little early must not double its window. */
const slack = 0.8

/** Samples come at least 20 ms apart ({@link import('./config.ts').limits}), so 1 s has fewer. */
const maxSamples = 64

type Counter =
  | 'cpuUsageS'
  | 'nrPeriods'
  | 'nrThrottled'
  | 'cpuPressureS'
  | 'ioPressureS'
  | 'memPressureS'
  | 'runQueueWaitS'
  | 'diskBytes'
  | 'netBytes'
  | 'hostDiskBusyS'
  | 'diskLimitBusyS'

/**
 * Turns the readings of one node into a point of the state space: each axis a share of what the
 * node may use, in [0, 1]. An axis that cannot be told is left out. README.md has the formulas.
 */
export class Normalizer {
  readonly #declared: Declared
  /** Oldest first; the last is the newest. */
  #samples: Sample[] = []
  #cpuCores: number | undefined
  #smoothCores: number | undefined
  #figures: Figures = { x: {}, cap: {}, raw: {} }

  constructor(declared: Declared = {}) {
    this.#declared = declared
  }

  /** Takes the next reading. The same reading again changes nothing. */
  push(sample: Sample): Figures {
    const last = this.#samples.at(-1)
    if (last?.atMs === sample.atMs) return this.#figures
    if (last !== undefined && last.epoch !== sample.epoch) this.#forget()
    this.#samples.push(sample)
    this.#dropOld(sample.atMs)
    this.#followCpu()
    const cap = this.#capacity(sample)
    this.#figures = { x: this.#point(sample, cap), cap, raw: rawOf(sample, this.#cpuCores) }
    return this.#figures
  }

  /**
   * True when an axis of pressure is now more than `threshold` from where it was at the last
   * reading. Changes nothing.
   */
  hasMoved(glance: Glance, threshold: number): boolean {
    const last = this.#samples.at(-1)
    if (last === undefined || last.epoch !== glance.epoch) return false
    const { x } = this.#figures
    return [
      [x.cpu_pressure, this.#cpuPressure(glance)],
      [x.io_pressure, this.#rate('ioPressureS', ioPressureMs, glance)],
      [x.mem_pressure, this.#rate('memPressureS', slowMs, glance)],
    ].some(([before, now]) => {
      if (before === undefined || now === undefined) return false
      return Math.abs(unit(now) - before) > threshold
    })
  }

  #forget(): void {
    this.#samples = []
    this.#cpuCores = undefined
    this.#smoothCores = undefined
  }

  #dropOld(nowMs: number): void {
    const samples = this.#samples
    while (nowMs - (samples[1]?.atMs ?? nowMs) >= slack * slowMs || samples.length > maxSamples) {
      samples.shift()
    }
  }

  /** Mean use since the last sample, and its exponentially weighted mean under uneven sampling. */
  #followCpu(): void {
    const [before, now] = this.#samples.slice(-2)
    if (before === undefined || now === undefined) return
    const deltaMs = now.atMs - before.atMs
    const cores = perSecond(increase(before, now, 'cpuUsageS'), deltaMs)
    this.#cpuCores = cores
    if (cores === undefined) return
    const smooth = this.#smoothCores ?? cores
    this.#smoothCores = smooth + (cores - smooth) * (1 - Math.exp(-deltaMs / cpuTauMs))
  }

  #capacity(sample: Sample): Capacity {
    const { networkBytesPerS: network, diskBytesPerS } = this.#declared
    const disks = [diskBytesPerS, sample.diskLimitBytesPerS].filter((limit) => limit !== undefined)
    const known: { readonly [name in keyof Capacity]: number | undefined } = {
      cpus: sample.cpus === undefined ? undefined : rounded(sample.cpus, 1e6),
      mem: sample.memLimitBytes,
      disk: disks.length > 0 ? Math.min(...disks) : undefined,
      network,
    }
    const cap: { -readonly [name in keyof Capacity]: Capacity[name] } = {}
    for (const name of ['cpus', 'mem', 'disk', 'network'] as const) {
      const value = known[name]
      // A limit of nothing is none that a share could be taken of.
      if (value !== undefined && isWithin(value, capacityRanges[name])) cap[name] = value
    }
    return cap
  }

  #point(sample: Sample, cap: Capacity): StatePoint {
    const ratios: { readonly [axis in Dimension]: number | undefined } = {
      cpu_pressure: this.#cpuPressure(),
      io_pressure:
        this.#rate('ioPressureS', ioPressureMs) ?? this.#rate('hostDiskBusyS', ioPressureMs),
      mem_pressure: this.#rate('memPressureS', slowMs),
      cpu: ratio(this.#smoothCores, cap.cpus),
      memory: ratio(heldBytes(sample), cap.mem),
      disk: this.#disk(),
      network: ratio(this.#rate('netBytes', slowMs), cap.network),
    }
    const x: { [axis in Dimension]?: number } = {}
    for (const axis of dimensions) {
      const value = ratios[axis]
      if (value !== undefined && Number.isFinite(value)) x[axis] = unit(value)
    }
    return x
  }

  /**
   * Share of the time in which some task waited for a CPU. Without pressure files: the share of CFS
   * periods in which the quota ran out; without a quota: w ÷ (1 + w) of the w tasks waiting on
   * average.
   */
  #cpuPressure(now?: Sample): number | undefined {
    const stalled = this.#rate('cpuPressureS', pressureMs, now)
    if (stalled !== undefined) return stalled
    const throttled = this.#rate('nrThrottled', throttledMs, now)
    const periods = this.#rate('nrPeriods', throttledMs, now)
    // Periods are only counted while there is something to run.
    if (throttled !== undefined && periods !== undefined)
      return periods > 0 ? throttled / periods : 0
    const waiting = this.#rate('runQueueWaitS', pressureMs, now)
    return waiting === undefined ? undefined : waiting / (1 + waiting)
  }

  /**
   * Share of the capacity: of the limit that is used most, or of what was declared, whichever is
   * nearer to its end. With neither, how busy the host's disk is.
   */
  #disk(): number | undefined {
    const declared = this.#declared.diskBytesPerS
    const limited = this.#rate('diskLimitBusyS', slowMs)
    const used = ratio(this.#rate('diskBytes', slowMs), declared)
    if (limited === undefined && declared === undefined) return this.#rate('hostDiskBusyS', slowMs)
    return used === undefined ? limited : Math.max(used, limited ?? 0)
  }

  /** Increase a second over the last `windowMs`, or over as much of it as there is. */
  #rate(counter: Counter, windowMs: number, now = this.#samples.at(-1)): number | undefined {
    if (now === undefined) return undefined
    const from = this.#before(now.atMs, slack * windowMs)
    if (from === undefined) return undefined
    return perSecond(increase(from, now, counter), now.atMs - from.atMs)
  }

  /** The newest sample that is at least `ageMs` older than `nowMs`, or else the oldest there is. */
  #before(nowMs: number, ageMs: number): Sample | undefined {
    const samples = this.#samples
    for (let i = samples.length - 1; i >= 0; i -= 1) {
      const sample = samples[i]
      if (sample !== undefined && nowMs - sample.atMs >= ageMs) return sample
    }
    return samples[0]?.atMs === nowMs ? undefined : samples[0]
  }
}

/** Undefined when a counter is not told at both ends, or went back: it was begun anew. */
function increase(from: Sample, to: Sample, counter: Counter): number | undefined {
  const [before, after] = [from[counter], to[counter]]
  if (before === undefined || after === undefined || after < before) return undefined
  return after - before
}

function perSecond(amount: number | undefined, deltaMs: number): number | undefined {
  return amount === undefined || deltaMs <= 0 ? undefined : (amount / deltaMs) * 1000
}

function ratio(use: number | undefined, limit: number | undefined): number | undefined {
  return use === undefined || limit === undefined ? undefined : use / limit
}

/** Memory that the kernel cannot take back. A big database read through the page cache is not it. */
function heldBytes(sample: Sample): number | undefined {
  const { memCurrentBytes, memFileBytes = 0, memSlabBytes = 0 } = sample
  return memCurrentBytes === undefined ? undefined : memCurrentBytes - memFileBytes - memSlabBytes
}

/** Raw figures that are a field of the sample as it is. */
const rawFields = [
  ['at_ms', 'atMs'],
  ['cpu_usage_s', 'cpuUsageS'],
  ['quota_s', 'quotaS'],
  ['period_s', 'periodS'],
  ['period_start_ms', 'periodStartMs'],
  ['nr_periods', 'nrPeriods'],
  ['nr_throttled', 'nrThrottled'],
  ['throttled_s', 'throttledS'],
  ['cpu_pressure_s', 'cpuPressureS'],
  ['io_pressure_s', 'ioPressureS'],
  ['mem_pressure_s', 'memPressureS'],
  ['mem_current', 'memCurrentBytes'],
  ['mem_file', 'memFileBytes'],
  ['disk_bytes', 'diskBytes'],
  ['net_bytes', 'netBytes'],
] as const satisfies readonly (readonly [keyof RawFigures, keyof Sample])[]

function rawOf(sample: Sample, cpuCores: number | undefined): RawFigures {
  const raw: { -readonly [name in keyof RawFigures]: RawFigures[name] } = {}
  for (const [name, field] of rawFields) {
    const value = sample[field]
    if (value !== undefined && isWithin(value, rawRange(name))) raw[name] = rounded(value, 1e6)
  }
  if (cpuCores !== undefined && isWithin(cpuCores, rawRange('cpu_cores'))) {
    raw.cpu_cores = rounded(cpuCores, 1e6)
  }
  return raw
}

function isWithin(value: number, [least, most]: readonly [number, number]): boolean {
  return value >= least && value <= most
}

/** Clamped to [0, 1]; four decimals, which is more than any axis is worth and keeps lines short. */
function unit(value: number): number {
  return Math.min(1, Math.max(0, rounded(value, 1e4)))
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}
