import type { FlagReader } from './flags.ts'
import { type ArrivalShape, arrivalShapes } from './load/arrivals.ts'
import { workloads } from './workloads/catalogue.ts'
import { readTrace, type TracedCall, TraceError, traceName } from './workloads/trace.ts'

/** The flags that say which calls are made and when, as typed. */
export type WorkloadFlags = {
  readonly workload?: string
  readonly trace?: string
  readonly speed?: string
  readonly arrivals?: string
  readonly load?: string
  readonly rate?: string
}

/** A trace to replay: the workload that does, and the calls a second that it then makes. */
export type Traced = { readonly name: string; readonly ratePerSecond: number }

/** @returns null without `--trace` */
export function readTraceFlags(
  flags: WorkloadFlags,
  lengthMs: number,
  read: FlagReader,
): Traced | null {
  const { trace: file, speed } = flags
  if (file === undefined) {
    if (speed !== undefined) read.refuse('--speed: only with --trace')
    return null
  }
  for (const name of ['workload', 'load', 'rate', 'arrivals'] as const) {
    if (flags[name] !== undefined) read.refuse(`--${name}: not with --trace, which has its own`)
  }
  const factor = read.number('--speed', speed ?? '1', 0.01, 1000)
  const calls = callsOf(file, read)
  const [first] = calls
  const last = calls.at(-1)
  if (first === undefined || last === undefined) return { name: file, ratePerSecond: 1 }
  const lastsMs = (last.atMs - first.atMs) / factor
  if (lastsMs < lengthMs) {
    read.refuse(
      `--trace ${file}: lasts ${(lastsMs / 1000).toFixed(1)} s; want --warmup and --duration within that`,
    )
  }
  const perSecond = (1000 * calls.length) / Math.max(1, lastsMs)
  return { name: traceName(file, factor), ratePerSecond: Number(perSecond.toPrecision(4)) }
}

export function readWorkloads(list: string, read: FlagReader): readonly string[] {
  return read
    .names('--workload', list)
    .map((name) => read.oneOf('--workload', name, workloads.keys()))
}

/** @returns null where the workload decides */
export function readArrivals(text: string | undefined, read: FlagReader): ArrivalShape | null {
  if (text === undefined) return null
  const name = read.oneOf('--arrivals', text, Object.keys(arrivalShapes))
  return Object.values(arrivalShapes).find(({ kind }) => kind === name) ?? null
}

function callsOf(file: string, read: FlagReader): readonly TracedCall[] {
  try {
    return readTrace(file)
  } catch (error) {
    if (!(error instanceof TraceError)) throw error
    read.refuse(`--trace ${error.message}`)
    return []
  }
}
