import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { parsePid } from './pid-file.ts'
import { type SourceMode, sourceModes } from './sources/machine.ts'
import type { NodeOptions, ProcessName } from './watched-node.ts'

/** What an agent does and where it listens. */
export type AgentConfig = {
  readonly nodes: readonly NodeOptions[]
  readonly addr: string
  /** 0: any free port. */
  readonly port: number
  /** Milliseconds between readings, which are also the lines of a stream. */
  readonly intervalMs: number
  /** The name of this machine in reports. */
  readonly host: string
  /** File with the bearer token that readers must show. Required off the loopback. */
  readonly tokenFile?: string
  readonly source: SourceMode
  /** Where `/proc` and the cgroup trees are mounted, such as `/host/proc` in a container. */
  readonly procRoot: string
  readonly cgroupRoot: string
}

export const defaults = {
  addr: '127.0.0.1',
  port: 8560,
  intervalMs: 250,
  source: 'auto',
  procRoot: '/proc',
  cgroupRoot: '/sys/fs/cgroup',
} as const satisfies Partial<AgentConfig>

/** Bounds of what may be asked for. Faster than 20 ms tells nothing: most counters move slower. */
export const limits = { minIntervalMs: 20, maxIntervalMs: 60_000, maxNodes: 1024 } as const

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
export type Flags = {
  readonly pid?: readonly string[]
  readonly networkMbps?: readonly string[]
  readonly diskMbps?: readonly string[]
  readonly addr: string
  readonly port: string
  readonly interval: string
  readonly host?: string | undefined
  readonly tokenFile?: string | undefined
  readonly source: string
  readonly procRoot: string
  readonly cgroupRoot: string
}

/** @throws ConfigError with every problem, each naming its flag. */
export function parseFlags(flags: Flags, unknown: readonly string[] = []): AgentConfig {
  const problems = unknown.map((word) =>
    word.startsWith('-') ? `${word}: no such option` : `${word}: not expected`,
  )
  const nodes = parseNodes(flags, problems)
  const port = integer('--port', flags.port, 0, 65_535, problems)
  const { minIntervalMs, maxIntervalMs } = limits
  const intervalMs = integer('--interval', flags.interval, minIntervalMs, maxIntervalMs, problems)
  const source = sourceModes.find((mode) => mode === flags.source)
  if (source === undefined) {
    problems.push(`--source ${flags.source}: want one of ${sourceModes.join(', ')}`)
  }
  const config = {
    nodes,
    addr: flags.addr,
    port,
    intervalMs,
    host: flags.host ?? hostname(),
    ...(flags.tokenFile === undefined ? {} : { tokenFile: flags.tokenFile }),
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

/** True for addresses that only this machine reaches. */
export function isLoopback(addr: string): boolean {
  return addr === 'localhost' || addr === '::1' || /^127(\.\d{1,3}){3}$/.test(addr)
}

/** What no flag shows alone. The words name the flags, whose tree the configuration has. */
function problemsOf(config: AgentConfig): readonly string[] {
  const { nodes, addr, host, tokenFile } = config
  const ids = nodes.map(({ id }) => id)
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i)
  return [
    ...(nodes.length === 0 ? ['--pid: want at least one, as in --pid geth-1=4242'] : []),
    ...(nodes.length > limits.maxNodes ? [`--pid: at most ${limits.maxNodes} for one agent`] : []),
    ...[...new Set(repeated)].map((id) => `--pid ${id}: given more than once`),
    ...(host === '' || host.length > 256 ? ['--host: want 1 to 256 characters'] : []),
    ...(isLoopback(addr) || tokenFile !== undefined
      ? []
      : [`--addr ${addr}: readers from other machines must show a token; give --token-file`]),
    ...(tokenFile === undefined ? [] : problemsOfTokenFile(tokenFile)),
  ]
}

function problemsOfTokenFile(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim() === '' ? [`--token-file ${file}: is empty`] : []
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? error.code : error
    return [`--token-file ${file}: cannot be read (${why})`]
  }
}

function parseNodes(flags: Flags, problems: string[]): readonly NodeOptions[] {
  const network = parseMbps('--network-mbps', flags.networkMbps ?? [], problems)
  const disk = parseMbps('--disk-mbps', flags.diskMbps ?? [], problems)
  const nodes: NodeOptions[] = []
  const ids = new Set<string>()
  for (const word of flags.pid ?? []) {
    const [id, value] = splitAtEquals(word)
    const name = parseProcessName(value)
    if (isId(id)) ids.add(id)
    if (!isId(id) || name === undefined) {
      problems.push(`--pid ${word}: want ID=PID or ID=FILE (the path of a pid file, with a /)`)
      continue
    }
    const networkBytesPerS = network.get(id)
    const diskBytesPerS = disk.get(id)
    nodes.push({
      id,
      ...name,
      ...(networkBytesPerS !== undefined && { networkBytesPerS }),
      ...(diskBytesPerS !== undefined && { diskBytesPerS }),
    })
  }
  for (const id of network.keys())
    if (!ids.has(id)) problems.push(`--network-mbps ${id}: no such --pid`)
  for (const id of disk.keys()) if (!ids.has(id)) problems.push(`--disk-mbps ${id}: no such --pid`)
  return nodes
}

function parseProcessName(text: string): ProcessName | undefined {
  if (text.includes('/')) return { pidFile: text }
  const pid = parsePid(text)
  return pid === undefined ? undefined : { pid }
}

/** `ID=N` in megabits a second, as bytes a second. */
function parseMbps(
  flag: string,
  words: readonly string[],
  problems: string[],
): ReadonlyMap<string, number> {
  const bytesPerS = new Map<string, number>()
  for (const word of words) {
    const [id, value] = splitAtEquals(word)
    const mbps = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0
    if (isId(id) && mbps > 0 && Number.isFinite(mbps)) bytesPerS.set(id, mbps * 125_000)
    else problems.push(`${flag} ${word}: want ID=N with N megabits a second, above 0`)
  }
  return bytesPerS
}

function integer(flag: string, text: string, min: number, max: number, problems: string[]): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  problems.push(`${flag} ${text}: want a whole number from ${min} to ${max}`)
  return min
}

/** The id is what metrics and streams are told apart by: visible characters, no `=`. */
function isId(text: string): boolean {
  return /^[^\s=\p{C}]{1,128}$/u.test(text)
}

function splitAtEquals(word: string): readonly [string, string] {
  const at = word.indexOf('=')
  return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}
