import { availableParallelism } from 'node:os'
import { type Contender, readBaseline, readStrategies, readTargets } from './contenders.ts'
import { FlagReader } from './flags.ts'
import type { ArrivalShape } from './load/arrivals.ts'
import { type Condition, readCondition } from './report/condition.ts'
import { haproxyName, haproxyVersion } from './stand/haproxy.ts'
import { readProfiles } from './stand/profile-flags.ts'
import type { Profile } from './stand/profiles.ts'
import { type StandClient, standClients } from './stand/stand-fleet.ts'
import { readArrivals, readTraceFlags, readWorkloads } from './workload-flags.ts'

/** By which a trial counts or not; fixed before the first, and printed. */
export type Rules = {
  /** Foreign CPU in cores, mean over the measured window, above which a trial does not count. */
  readonly mostForeignCores: number
  /** The generator's lateness at p99 above which it does not. */
  readonly mostLateMs: number
  /** The share of its time in which its event loop was busy, or of a core, above which it does not. */
  readonly mostBusyShare: number
  /** A trial that does not count is made again, this many times in all. */
  readonly mostTries: number
  /** The last try counts in any case, and the report says so. */
  readonly keepsDisturbed: boolean
}

/** A checked command line of `run` or `compare`. */
export type BenchConfig = {
  /** At least one, with different names. */
  readonly contenders: readonly Contender[]
  /** The name of the contender that others are compared with. */
  readonly baseline: string
  readonly fleet: StandClient
  /** Of nodes of our own; empty with targets. */
  readonly profiles: readonly Profile[]
  readonly workloads: readonly string[]
  /** Shares of the capacity; empty when `ratePerSecond` says how much. */
  readonly loads: readonly number[]
  readonly ratePerSecond: number | null
  /** How calls lie in time; null: as the workload says. */
  readonly arrivals: ArrivalShape | null
  readonly transport: 'http' | 'ws'
  readonly durationMs: number
  readonly warmupMs: number
  /** Null: as many as the budget holds. */
  readonly repeats: number | null
  /** No trial is begun that would end later than this after the start; null: none is too late. */
  readonly budgetMs: number | null
  /** Whether to end after one repeat of one cell. */
  readonly isOnce: boolean
  readonly seed: number
  readonly maxInFlight: number
  readonly timeoutMs: number
  readonly saturate: boolean
  readonly rules: Rules
  /** The highest load with a p99 below this is told of a sweep. */
  readonly p99LimitMs: number
  readonly failIf: readonly Condition[]
  /** Where the report goes; null: a new folder below `results`. */
  readonly outDir: string | null
  /** Whether what `outDir` holds is gone on with. */
  readonly resumes: boolean
}

/** The flags as typed, nothing checked. */
export type BenchFlags = {
  readonly [name in
    | 'strategy'
    | 'strategies'
    | 'baseline'
    | 'fleet'
    | 'profile'
    | 'workload'
    | 'load'
    | 'rate'
    | 'transport'
    | 'arrivals'
    | 'trace'
    | 'speed'
    | 'duration'
    | 'warmup'
    | 'repeats'
    | 'budget'
    | 'seed'
    | 'nodes'
    | 'cpu'
    | 'maxInFlight'
    | 'timeout'
    | 'foreign'
    | 'late'
    | 'tries'
    | 'p99Limit'
    | 'out'
    | 'resume']?: string
} & {
  readonly target?: readonly string[]
  readonly failIf?: readonly string[]
  readonly haproxy?: boolean
  readonly saturate?: boolean
  readonly keepDisturbed?: boolean
  readonly once?: boolean
}

/** What holds without a flag, as it would be typed. */
export const benchDefaults = {
  strategies: 'round-robin,least-connection,nearest-origin,state-space',
  strategy: 'state-space',
  fleet: 'anvil',
  workload: 'mixed-reads',
  load: '0.7',
  transport: 'http',
  duration: '5s',
  warmup: '2s',
  repeats: '4',
  seed: '1',
  maxInFlight: '1000',
  timeout: '10s',
  late: '2',
  tries: '4',
  p99Limit: '300ms',
} as const

/** Nobody's endpoint is loaded to the brim to find its capacity. */
const targetRate = '100'
/** Without any flag: the answer comes within three minutes, whatever disturbs it. */
const defaultBudgetMs = 165_000
/** Of all the machine's CPU, used by others, and a trial does not count. */
const foreignShare = 0.06
const leastForeignCores = 0.12
/** A generator whose one event loop is busier than this cannot keep its times. */
const mostBusyShare = 0.9
/** More calls in one trial than this would only make the generator a store of numbers. */
const maxCalls = 2_000_000

/** Checks the flags of `compare`. @throws UsageError with every problem */
export function parseCompare(flags: BenchFlags): BenchConfig {
  const isBare = Object.keys(flags).every((name) => ['out', 'seed', 'keepDisturbed'].includes(name))
  const config = parse(flags, flags.strategies ?? benchDefaults.strategies, benchDefaults.repeats)
  if (!isBare) return config
  // Somebody's first look, on a machine that may not be quiet: all of it counts, and what was disturbed is told.
  const rules = { ...config.rules, mostTries: 1, keepsDisturbed: true }
  return { ...config, rules, budgetMs: defaultBudgetMs }
}

/** Checks the flags of `run`: one trial of one strategy. @throws UsageError with every problem */
export function parseRun(flags: BenchFlags): BenchConfig {
  return parse(flags, flags.strategy ?? benchDefaults.strategy, '1')
}

function parse(flags: BenchFlags, strategies: string, repeats: string): BenchConfig {
  const read = new FlagReader()
  const told = { ...benchDefaults, foreign: defaultForeign(), ...flags }
  const targets = flags.target ?? []
  const isOurs = targets.length === 0
  if (!isOurs) refuseFleetFlags(flags, read)
  if (flags.rate !== undefined && flags.load !== undefined) {
    read.refuse('--rate and --load: want one of them')
  }
  if (flags.out !== undefined && flags.resume !== undefined) {
    read.refuse('--out and --resume: want one of them')
  }
  const contenders = isOurs
    ? [...readStrategies(strategies, read), ...rivals(flags, read)]
    : readTargets(targets, read)
  const durationMs = read.durationMs('--duration', told.duration, 1000)
  const warmupMs = read.durationMs('--warmup', told.warmup, 0)
  const trace = readTraceFlags(flags, warmupMs + durationMs, read)
  const given = trace === null ? flags.rate : String(trace.ratePerSecond)
  const rate = given ?? (isOurs ? undefined : targetRate)
  const directory = flags.resume ?? flags.out
  const fleet = read.oneOf('--fleet', told.fleet, standClients)
  const config: BenchConfig = {
    contenders,
    baseline: readBaseline(flags.baseline, contenders, read),
    fleet: standClients.find((client) => client === fleet) ?? 'anvil',
    profiles: isOurs ? readProfiles(flags, fleet, read) : [],
    workloads: trace === null ? readWorkloads(told.workload, read) : [trace.name],
    arrivals: readArrivals(flags.arrivals, read),
    loads:
      rate === undefined
        ? read.names('--load', told.load).map((text) => read.number('--load', text, 0.05, 2))
        : [],
    ratePerSecond: rate === undefined ? null : read.number('--rate', rate, 0.1, 20_000),
    transport: read.oneOf('--transport', told.transport, ['http', 'ws']) === 'ws' ? 'ws' : 'http',
    durationMs,
    warmupMs,
    repeats: readRepeats(flags, repeats, read),
    budgetMs: flags.budget === undefined ? null : read.durationMs('--budget', flags.budget, 1000),
    isOnce: flags.once ?? false,
    seed: read.whole('--seed', told.seed, 0, Number.MAX_SAFE_INTEGER),
    maxInFlight: read.whole('--max-in-flight', told.maxInFlight, 1, 20_000),
    timeoutMs: read.durationMs('--timeout', told.timeout, 100),
    saturate: flags.saturate ?? false,
    rules: {
      mostForeignCores: read.number('--foreign', told.foreign, 0, 1024),
      mostLateMs: read.number('--late', told.late, 0, 60_000),
      mostBusyShare,
      mostTries: read.whole('--tries', told.tries, 1, 100),
      keepsDisturbed: flags.keepDisturbed ?? false,
    },
    p99LimitMs: read.durationMs('--p99-limit', told.p99Limit, 1),
    failIf: (flags.failIf ?? []).flatMap((text) => readCondition(text, contenders, read)),
    outDir:
      directory === undefined
        ? null
        : read.directory(flags.resume === undefined ? '--out' : '--resume', directory),
    resumes: flags.resume !== undefined,
  }
  const calls = ((config.ratePerSecond ?? 0) * (config.durationMs + config.warmupMs)) / 1000
  if (calls > maxCalls) {
    read.refuse(`--rate and --duration: ${Math.round(calls)} calls; at most ${maxCalls} a trial`)
  }
  read.close()
  return config
}

/** With a budget alone, its length decides. */
function readRepeats(flags: BenchFlags, fallback: string, read: FlagReader): number | null {
  if (flags.repeats === undefined && flags.budget !== undefined && fallback !== '1') return null
  return read.whole('--repeats', flags.repeats ?? fallback, 1, 1000)
}

function rivals(flags: BenchFlags, read: FlagReader): readonly Contender[] {
  if (flags.haproxy !== true) return []
  if (flags.transport === 'ws') read.refuse('--haproxy: not with --transport ws')
  if (haproxyVersion() === null) read.refuse('--haproxy: there is no haproxy on the PATH')
  return [{ name: haproxyName, url: null }]
}

function refuseFleetFlags(flags: BenchFlags, read: FlagReader): void {
  for (const flag of ['strategy', 'strategies', 'fleet', 'profile', 'nodes', 'cpu'] as const) {
    if (flags[flag] === undefined) continue
    read.refuse(`--${flag}: not with --target, which starts no fleet of its own`)
  }
  if (flags.haproxy === true) read.refuse('--haproxy: not with --target')
  if (flags.load !== undefined) {
    read.refuse('--load: not with --target, whose capacity is not ours to find; want --rate')
  }
  if (flags.transport !== undefined) read.refuse('--transport: not with --target; say ws://HOST')
}

function defaultForeign(): string {
  const cores = Math.max(leastForeignCores, foreignShare * availableParallelism())
  return String(Number(cores.toFixed(2)))
}
