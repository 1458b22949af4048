import { z } from 'zod'
import { failureKinds } from '../load/answer.ts'

const count = z.int().min(0)
const amount = z.number().min(0)
const name = z.string().min(1)
const points = z.array(amount.nullable())

const slowdownSchema = z.object({ mean: amount, p50: amount, p99: amount }).nullable()

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
  /** Latency ÷ that of the same call on an idle node; null where that is not known. */
  slowdown: slowdownSchema,
})

const nodeSchema = z.object({
  id: name,
  calls: count,
  errors: count,
  cpuCores: amount.nullable(),
  capacityCores: amount.nullable(),
  memoryBytes: amount.nullable(),
  diskBytesPerSecond: amount.nullable(),
  networkBytesPerSecond: amount.nullable(),
})

/** One contender under one cell's conditions, once. */
export const trialSchema = z.object({
  /** The id of its cell. */
  cell: name,
  contender: name,
  /** Trials of one cell and repeat had the same arrivals and arguments. */
  repeat: count,
  startedAt: z.iso.datetime(),
  /** Why it does not count; null: it does. */
  dropped: name.nullable(),
  /** What a rule found wrong with a trial that counts all the same; null: nothing. */
  disturbed: name.nullable(),
  classes: z.record(name, classSchema),
  slowdown: slowdownSchema,
  /** How late the generator was, milliseconds. */
  lateness: z.object({ p50Ms: amount, p99Ms: amount, maxMs: amount }),
  mostInFlight: count,
  /** Some failures in the server's words. */
  examples: z.array(z.string()),
  /** Heads lower than one that an answer had shown before; null when none was asked for. */
  backwardSteps: count.nullable(),
  generator: z.object({ cpuCores: amount, loopBusy: amount }),
  /** What the workload's script found out in the end; null where it has none. */
  audit: z.object({ counts: z.record(z.string(), count), faults: z.array(z.string()) }).nullish(),
  nodes: z.array(nodeSchema),
  proxyCpuCores: amount.nullable(),
  proxyMemoryBytes: amount.nullable(),
  /** CPU of programs that have no part in the trial, cores; null where not known. */
  foreignCpuCores: amount.nullable(),
  saturation: z.object({ answersPerSecond: amount, failed: count, connections: count }).nullable(),
  /** By the calls' intended start. */
  series: z.object({
    stepMs: z.number().gt(0),
    sent: z.array(count),
    meanMs: points,
    p95Ms: points,
  }),
  /** Each node's way through the state space; of the first repeat alone, null otherwise. */
  path: z
    .object({
      stepMs: z.number().gt(0),
      nodes: z.array(z.object({ id: name, cpu: points, pressure: points })),
    })
    .nullable(),
})

export type Trial = z.infer<typeof trialSchema>
