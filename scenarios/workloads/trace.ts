import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { methods } from '../../proxy/index.ts'
import { pick, type Workload, type WorkloadRow } from './workload.ts'

/** A trace of calls that cannot be replayed; the message says why, in one line. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
}

/** One call of a trace, by lines of JSON; `atMs` counts from anywhere and never falls. */
const lineSchema = z.object({
  atMs: z.number().nonnegative(),
  method: z.string().min(1),
  params: z.array(z.unknown()).default([]),
})

export type TracedCall = z.output<typeof lineSchema>

const maxBytes = 512 * 2 ** 20
const prefix = 'trace:'
const sep = '@'

/** The name of the workload that replays a file, `speed` times as fast as it was. */
export function traceName(file: string, speed: number): string {
  return `${prefix}${file}${sep}${speed}`
}

/** Whether the name is one of {@link traceName}. */
export function isTrace(name: string): boolean {
  return name.startsWith(prefix)
}

/**
 * The calls of a trace at their own times, scaled; each once, in order. Rows are its methods, as
 * often as they are called in it.
 * @param name of {@link traceName}
 * @throws TraceError when the file cannot be read or a line is no call
 */
export function traceWorkload(name: string): Workload {
  const at = name.lastIndexOf(sep)
  const file = name.slice(prefix.length, at)
  const speed = Number(name.slice(at + 1))
  const calls = readTrace(file)
  const startMs = calls[0]?.atMs ?? 0
  const rows = [...Map.groupBy(calls, ({ method }) => method)].map(rowOf)
  const classes = ['read', 'write'].filter((one) => rows.some(({ class: kind }) => kind === one))
  const places = new Map(rows.map(({ method }, i) => [method, i]))
  return {
    name,
    about: `${calls.length} calls recorded in ${file}, at their own times, ${speed} times as fast`,
    classes,
    rows,
    recordedMs: Float64Array.from(calls, ({ atMs }) => (atMs - startMs) / speed),
    script: async () => {
      let next = 0
      return {
        next: () => {
          const call = calls[next]
          if (call === undefined) throw new RangeError('more calls than the trace has')
          next += 1
          const { method, params } = call
          const row = places.get(method) ?? 0
          return { kind: classes.indexOf(classOf(method)), row, method, params }
        },
        settled: () => {},
        finish: async () => ({ counts: { replayed: next }, faults: [] }),
      }
    },
  }
}

/** @throws TraceError */
export function readTrace(file: string): readonly TracedCall[] {
  let lastMs = 0
  const calls = textOf(file)
    .split('\n')
    .flatMap((line, i): TracedCall[] => {
      if (line.trim() === '') return []
      const { data, error } = lineSchema.safeParse(jsonOf(line))
      const where = `${file}: line ${i + 1}`
      if (data === undefined) {
        const [issue] = error.issues
        const path = issue?.path.join('.') || 'want {"atMs", "method", "params"}'
        throw new TraceError(`${where}: ${path}: ${issue?.message ?? 'no call'}`)
      }
      if (data.atMs < lastMs) throw new TraceError(`${where}: atMs is less than in the line before`)
      lastMs = data.atMs
      return [data]
    })
  if (calls.length === 0) throw new TraceError(`${file}: no calls`)
  return calls
}

/** Written alone, a call of the trace as it was. A write alone is not known to be good twice. */
function rowOf([method, calls]: [string, readonly TracedCall[]]): WorkloadRow {
  const isWrite = classOf(method) === 'write'
  return {
    ...{ method, what: 'as recorded', class: classOf(method), weight: calls.length },
    ...(isWrite ? { standIn: 'eth_blockNumber' } : {}),
    params: (_facts, random) => (isWrite ? [] : pick(calls, random).params),
  }
}

function classOf(method: string): string {
  return methods.get(method)?.access === 'write' ? 'write' : 'read'
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= maxBytes) return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TraceError(error instanceof Error ? error.message : String(error))
  }
  throw new TraceError(`${file}: larger than ${maxBytes} bytes`)
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // The schema says that it is no call.
  }
}
