import { randomUUID } from 'node:crypto'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { trialSchema } from './trial.ts'

export type { Trial } from './trial.ts'

/** The form of `results.json`; a change of meaning makes a new number. */
export const resultsSchemaName = 'equipoise-bench/2'

const count = z.int().min(0)
const amount = z.number().min(0)
const name = z.string().min(1)

const capacitySchema = z.object({
  /** Right answers a second with 24 calls always under way. */
  perSecond: z.number().gt(0),
  /** The contender it was measured under. */
  under: name,
  measuredAt: z.iso.datetime(),
})

const cellSchema = z.object({
  /** Such as `hetero/mixed-reads/0.7`. */
  id: name,
  /** A name of `parameters.profiles`, or `targets`. */
  profile: name,
  workload: name,
  /** Share of the capacity; null where the rate was given. */
  load: z.number().gt(0).nullable(),
  ratePerSecond: z.number().gt(0),
  capacity: capacitySchema.nullable(),
  about: name,
  classes: z.array(name).min(1),
  calls: z.array(
    z.object({
      method: name,
      what: z.string(),
      class: name,
      share: z.number().min(0).max(1),
      /** On a node that did nothing else; null where not known. */
      idleMs: amount.nullable(),
    }),
  ),
})

const schema = z.object({
  schema: z.literal(resultsSchemaName),
  /** False when trials are still to be made; `notes` say why. */
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
  versions: z.object({ equipoise: name, client: name.nullable(), haproxy: name.nullable() }),
  parameters: z.object({
    contenders: z.array(name).min(1),
    baseline: name,
    /** What the nodes were; null when the load went to targets. */
    fleet: name.nullable(),
    profiles: z.array(
      z.object({ name, about: z.string(), nodes: count, cpus: z.array(z.number().gt(0)) }),
    ),
    transport: z.enum(['http', 'ws']),
    warmupMs: amount,
    durationMs: z.number().gt(0),
    /** Wanted of each contender in each cell. */
    repeats: z.int().min(1),
    seed: count,
    maxInFlight: z.int().min(1),
    timeoutMs: z.number().gt(0),
    saturate: z.boolean(),
    rules: z.object({
      mostForeignCores: amount,
      mostLateMs: amount,
      mostBusyShare: amount,
      mostTries: z.int().min(1),
      keepsDisturbed: z.boolean(),
    }),
    p99LimitMs: z.number().gt(0),
    /** Endpoints measured in place of strategies, by contender. */
    targets: z.record(name, name),
    /** The flags as typed, for going on with it. */
    flags: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
  }),
  cells: z.array(cellSchema),
  /** The command lines of the processes of the fleets. */
  commands: z.array(z.string()),
  notes: z.array(z.string()),
  /** In the order they were made, those that do not count among them. */
  trials: z.array(trialSchema),
})

/** A finished or interrupted run: all that any report is made from. */
export type Results = z.infer<typeof schema>
/** One profile, workload and load, under which contenders are compared. */
export type Cell = z.infer<typeof cellSchema>
export type Capacity = z.infer<typeof capacitySchema>

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
  await writeFile(draft, `${JSON.stringify(results, null, 1).replaceAll(numberLists, oneLine)}\n`)
  await rename(draft, join(directory, 'results.json'))
}

/**
 * Lists of numbers, which are time series: a number a line would make them most of the file. No text
 * within JSON holds a line break.
 */
const numberLists = /\[\n\s*(?:(?:-?[\d.e+-]+|null),?\s*)+\]/g

function oneLine(list: string): string {
  return list.replaceAll(/\s+/g, '')
}
