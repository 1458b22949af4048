import { hostname } from 'node:os'
import { parseReach, problemsOfReach, type Reach, type ReachFlags } from './reach.ts'
import {
  parseSelection,
  problemsOfSelection,
  type Selection,
  type SelectionFlags,
} from './selection.ts'
import { type SourceMode, sourceModes } from './sources/machine.ts'

/** What an agent does and where it listens. */
export type AgentConfig = Reach &
  Selection & {
    /** 0: any free port. */
    readonly port: number
    /** Milliseconds between readings, which are also the lines of a stream. */
    readonly intervalMs: number
    /** The name of this machine in reports. */
    readonly host: string
    readonly source: SourceMode
    /** Where `/proc` and the cgroup trees are mounted, such as `/host/proc` in a container. */
    readonly procRoot: string
    readonly cgroupRoot: string
  }

export const defaults = {
  nodes: [],
  containers: [],
  docker: 'auto',
  addr: '127.0.0.1',
  port: 8560,
  intervalMs: 250,
  source: 'auto',
  procRoot: '/proc',
  cgroupRoot: '/sys/fs/cgroup',
} as const satisfies Partial<AgentConfig>

/** Bounds of what may be asked for. Faster than 20 ms tells nothing: most counters move slower. */
export const limits = { minIntervalMs: 20, maxIntervalMs: 60_000 } as const

/** A configuration that cannot be followed: everything that is wrong with it, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** The command line as words: what `--pid`, `--network-mbps`, … were given, not looked at yet. */
export type Flags = ReachFlags &
  SelectionFlags & {
    readonly addr: string
    readonly port: string
    readonly interval: string
    readonly host?: string | undefined
    readonly source: string
    readonly procRoot: string
    readonly cgroupRoot: string
  }

/** @throws ConfigError with every problem, each naming its flag. */
export function parseFlags(flags: Flags, unknown: readonly string[] = []): AgentConfig {
  const problems = unknown.map((word) =>
    word.startsWith('-') ? `${word}: no such option` : `${word}: not expected`,
  )
  const selection = parseSelection(flags, problems)
  const port = integer('--port', flags.port, 0, 65_535, problems)
  const { minIntervalMs, maxIntervalMs } = limits
  const intervalMs = integer('--interval', flags.interval, minIntervalMs, maxIntervalMs, problems)
  const source = sourceModes.find((mode) => mode === flags.source)
  if (source === undefined) {
    problems.push(`--source ${flags.source}: want one of ${sourceModes.join(', ')}`)
  }
  const config = {
    ...selection,
    addr: flags.addr,
    port,
    intervalMs,
    host: flags.host ?? hostname(),
    ...parseReach(flags, problems),
    source: source ?? defaults.source,
    procRoot: flags.procRoot,
    cgroupRoot: flags.cgroupRoot,
  }
  problems.push(...problemsOf(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** @throws ConfigError with every problem. For a configuration that was not given as flags. */
export function checkConfig(config: AgentConfig): void {
  const problems = problemsOf(config)
  if (problems.length > 0) throw new ConfigError(problems)
}

/** What no flag shows alone. The words name the flags, whose tree the configuration has. */
function problemsOf(config: AgentConfig): readonly string[] {
  const { host } = config
  return [
    ...problemsOfSelection(config),
    ...(host === '' || host.length > 256 ? ['--host: want 1 to 256 characters'] : []),
    ...problemsOfReach(config),
  ]
}

function integer(flag: string, text: string, min: number, max: number, problems: string[]): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  problems.push(`${flag} ${text}: want a whole number from ${min} to ${max}`)
  return min
}
