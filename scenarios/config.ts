import { strategyNames } from '../proxy/index.ts'
import { FlagReader } from './flags.ts'
import { workloads } from './workloads/catalogue.ts'

/** What is compared: a strategy of a fleet of our own, or an endpoint that runs already. */
export type Contender = { readonly name: string; readonly url: string | null }

/** A checked command line of `run` or `compare`. */
export type BenchConfig = {
  /** At least one, with different names; all strategies or all targets. */
  readonly contenders: readonly Contender[]
  /** The name of the contender that others are compared with. */
  readonly baseline: string
  readonly workload: string
  readonly ratePerSecond: number
  readonly durationMs: number
  readonly warmupMs: number
  readonly repeats: number
  readonly seed: number
  /** Nodes of our own; 0 with targets. */
  readonly nodes: number
  /** Quota in cores for each node; empty: none. */
  readonly cpus: readonly number[]
  readonly maxInFlight: number
  readonly timeoutMs: number
  readonly saturate: boolean
  /** Where the report goes; null: a new folder below `results`. */
  readonly outDir: string | null
}

/** The flags as typed, nothing checked. */
export type BenchFlags = {
  readonly strategy?: string
  readonly strategies?: string
  readonly target?: readonly string[]
  readonly baseline?: string
  readonly workload?: string
  readonly rate?: string
  readonly duration?: string
  readonly warmup?: string
  readonly repeats?: string
  readonly seed?: string
  readonly nodes?: string
  readonly cpu?: string
  readonly maxInFlight?: string
  readonly timeout?: string
  readonly saturate?: boolean
  readonly out?: string
}

/** What holds without a flag, as it would be typed. A comparison then takes under three minutes. */
export const benchDefaults = {
  strategies: 'round-robin,least-connection,nearest-origin,state-space',
  strategy: 'state-space',
  workload: 'mixed-reads',
  rate: '300',
  duration: '5s',
  warmup: '2s',
  repeats: '4',
  seed: '1',
  nodes: '3',
  cpu: '0.25,0.5,1',
  maxInFlight: '1000',
  timeout: '10s',
} as const

/** More calls in one trial than this would only make the generator a store of numbers. */
const maxCalls = 2_000_000
/** What the others are compared with where nobody says. */
const preferredBaseline = 'least-connection'

/** Checks the flags of `compare`. @throws UsageError with every problem */
export function parseCompare(flags: BenchFlags): BenchConfig {
  return parse(flags, flags.strategies ?? benchDefaults.strategies, benchDefaults.repeats)
}

/** Checks the flags of `run`: one trial of one strategy. @throws UsageError with every problem */
export function parseRun(flags: BenchFlags): BenchConfig {
  return parse(flags, flags.strategy ?? benchDefaults.strategy, '1')
}

function parse(flags: BenchFlags, strategies: string, repeats: string): BenchConfig {
  const read = new FlagReader()
  const targets = flags.target ?? []
  const isOurs = targets.length === 0
  if (!isOurs) refuseFleetFlags(flags, read)
  const contenders = isOurs ? readStrategies(strategies, read) : readTargets(targets, read)
  const cpus = isOurs ? readCpus(flags, read) : []
  const config: BenchConfig = {
    contenders,
    baseline: readBaseline(flags.baseline, contenders, read),
    workload: read.oneOf('--workload', flags.workload ?? benchDefaults.workload, workloads.keys()),
    ratePerSecond: read.number('--rate', flags.rate ?? benchDefaults.rate, 0.1, 20_000),
    durationMs: read.durationMs('--duration', flags.duration ?? benchDefaults.duration, 1000),
    warmupMs: read.durationMs('--warmup', flags.warmup ?? benchDefaults.warmup, 0),
    repeats: read.whole('--repeats', flags.repeats ?? repeats, 1, 1000),
    seed: read.whole('--seed', flags.seed ?? benchDefaults.seed, 0, Number.MAX_SAFE_INTEGER),
    nodes: isOurs ? readNodes(flags, cpus, read) : 0,
    cpus,
    maxInFlight: read.whole(
      '--max-in-flight',
      flags.maxInFlight ?? benchDefaults.maxInFlight,
      1,
      20_000,
    ),
    timeoutMs: read.durationMs('--timeout', flags.timeout ?? benchDefaults.timeout, 100),
    saturate: flags.saturate ?? false,
    outDir: flags.out === undefined ? null : read.directory('--out', flags.out),
  }
  const calls = (config.ratePerSecond * (config.durationMs + config.warmupMs)) / 1000
  if (calls > maxCalls) {
    read.refuse(`--rate and --duration: ${Math.round(calls)} calls; at most ${maxCalls} a trial`)
  }
  read.close()
  return config
}

function readStrategies(list: string, read: FlagReader): readonly Contender[] {
  const known: readonly string[] = strategyNames
  const names = list === 'all' ? known : read.names('--strategies', list)
  for (const name of names) {
    if (name !== '' && !known.includes(name)) {
      read.refuse(`--strategies ${name}: want some of ${known.join(', ')}, or all`)
    }
  }
  return names.map((name) => ({ name, url: null }))
}

/** Each is `URL` or `NAME=URL`. */
function readTargets(list: readonly string[], read: FlagReader): readonly Contender[] {
  const contenders = list.map((item) => {
    const named = /^([\w.-]+)=(.*)$/.exec(item)
    const url = named?.[2] ?? item
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      read.refuse(`--target ${item}: want http://HOST:PORT or NAME=http://HOST:PORT`)
      return { name: item, url }
    }
    return { name: named?.[1] ?? new URL(url).host, url }
  })
  read.distinct(
    '--target',
    contenders.map(({ name }) => name),
  )
  return contenders
}

function refuseFleetFlags(flags: BenchFlags, read: FlagReader): void {
  for (const flag of ['strategy', 'strategies', 'nodes', 'cpu'] as const) {
    if (flags[flag] === undefined) continue
    read.refuse(`--${flag}: not with --target, which starts no fleet of its own`)
  }
}

function readBaseline(
  given: string | undefined,
  contenders: readonly Contender[],
  read: FlagReader,
): string {
  const names = contenders.map(({ name }) => name)
  if (given !== undefined && !names.includes(given)) {
    read.refuse(`--baseline ${given}: not among those compared (${names.join(', ')})`)
  }
  return given ?? names.find((name) => name === preferredBaseline) ?? names[0] ?? ''
}

/** No `--cpu`: the default quotas for the default number of nodes, none for another number. */
function readCpus(flags: BenchFlags, read: FlagReader): readonly number[] {
  const list = flags.cpu ?? (flags.nodes === undefined ? benchDefaults.cpu : 'none')
  if (list === 'none') return []
  return read.items('--cpu', list).map((text) => read.number('--cpu', text, 0.05, 64))
}

function readNodes(flags: BenchFlags, cpus: readonly number[], read: FlagReader): number {
  const fallback = cpus.length > 0 ? String(cpus.length) : benchDefaults.nodes
  const nodes = read.whole('--nodes', flags.nodes ?? fallback, 1, 16)
  if (cpus.length > 0 && cpus.length !== nodes) {
    read.refuse(`--cpu: ${cpus.length} quotas for ${nodes} nodes; want one for each`)
  }
  return nodes
}
