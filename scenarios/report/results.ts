import { randomUUID } from 'node:crypto'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { failureKinds } from '../load/answer.ts'

/** The form of `results.json`; a change of meaning makes a new number. */
export const resultsSchemaName = 'equipoise-bench/1'

const count = z.int().min(0)
const amount = z.number().min(0)
const name = z.string().min(1)

const classSchema = z.object({
  /** Calls that fell due in the measured window. */
  sent: count,
  succeeded: count,
  /** Right answers that came before the window ended. */
  inWindow: count,
  failures: z.partialRecord(z.enum(failureKinds), count),
  meanMs: amount,
  /** HdrHistogram V2, compressed, base64; microseconds from the intended start. */
  histogram: name,
})

const trialSchema = z.object({
  contender: name,
  /** Trials of one repeat had the same arrivals and arguments. */
  repeat: count,
  startedAt: z.iso.datetime(),
  classes: z.record(name, classSchema),
  /** How late the generator was, milliseconds. */
  lateness: z.object({ p50Ms: amount, p99Ms: amount, maxMs: amount }),
  mostInFlight: count,
  /** Some failures in the server's words. */
  examples: z.array(z.string()),
  generator: z.object({ cpuCores: amount, loopBusy: amount }),
  nodes: z.array(
    z.object({
      id: name,
      calls: count,
      errors: count,
      cpuCores: amount.nullable(),
      capacityCores: amount.nullable(),
    }),
  ),
  proxyCpuCores: amount.nullable(),
  /** CPU of programs that have no part in the trial, cores; null where not known. */
  foreignCpuCores: amount.nullable(),
  saturation: z.object({ answersPerSecond: amount, failed: count, connections: count }).nullable(),
})

const schema = z.object({
  schema: z.literal(resultsSchemaName),
  /** False when the run was interrupted or failed; `notes` say why. */
  complete: z.boolean(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  command: name,
  machine: z.object({
    processor: name,
    cores: count,
    memoryBytes: amount,
    system: name,
    node: name,
  }),
  versions: z.object({ equipoise: name, client: name.nullable() }),
  parameters: z.object({
    contenders: z.array(name).min(1),
    baseline: name,
    workload: name,
    ratePerSecond: amount,
    warmupMs: amount,
    durationMs: z.number().gt(0),
    repeats: z.int().min(1),
    seed: count,
    /** 0 when the load went to targets that were already running. */
    nodes: count,
    /** Quota of each node in cores; empty: none. */
    cpus: z.array(z.number().gt(0)),
    maxInFlight: z.int().min(1),
    timeoutMs: z.number().gt(0),
    saturate: z.boolean(),
    /** Endpoints measured in place of strategies, by contender. */
    targets: z.record(name, name),
  }),
  workload: z.object({
    about: name,
    classes: z.array(name).min(1),
    calls: z.array(
      z.object({ method: name, what: z.string(), class: name, share: z.number().min(0).max(1) }),
    ),
  }),
  /** The command lines of the processes of the fleet. */
  commands: z.array(z.string()),
  notes: z.array(z.string()),
  trials: z.array(trialSchema),
})

/** A finished or interrupted run: all that any report is made from. */
export type Results = z.infer<typeof schema>
export type Trial = z.infer<typeof trialSchema>

/** A file that is no result, with every problem and its path. */
export class ResultsError extends Error {
  override readonly name = 'ResultsError'
}

/** @throws ResultsError naming each field that is missing or wrong */
export function parseResults(value: unknown): Results {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'results' : path.join('.')}: ${message}`,
  )
  throw new ResultsError(problems.join('\n'))
}

/**
 * Reads `results.json`, given itself or its folder.
 * @throws ResultsError when it is no result; the system's error when it cannot be read
 */
export async function readResults(path: string): Promise<Results> {
  const file = (await stat(path)).isDirectory() ? join(path, 'results.json') : path
  const text = await readFile(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ResultsError(`${file} is not JSON`, { cause })
  }
  return parseResults(value)
}

/** Writes `results.json` whole or not at all, so that a killed run leaves its last valid one. */
export async function writeResults(directory: string, results: Results): Promise<void> {
  const draft = join(directory, `.results-${randomUUID()}`)
  await writeFile(draft, `${JSON.stringify(results, null, 1)}\n`)
  await rename(draft, join(directory, 'results.json'))
}
