/**
 * THE wire contract between an agent and whoever reads it: one {@link Report} a line (NDJSON).
 *
 * Every field that can be absent is absent when the machine does not tell it: an absent dimension
 * is unknown, never 0. Readers ignore fields they do not know, so that new ones can be added
 * without a new version; a change of meaning makes a new version.
 */

export const reportVersion = 1

/** The axes of the state space, in the order in which they are shown. */
export const dimensions = [
  'cpu_pressure',
  'io_pressure',
  'mem_pressure',
  'cpu',
  'memory',
  'disk',
  'network',
] as const

/** One axis: `*_pressure` is the share of time some task waited, the others are use ÷ limit. */
export type Dimension = (typeof dimensions)[number]

/** A point in the state space: each present axis in [0, 1], 0 idle, 1 saturated. */
export type StatePoint = { readonly [axis in Dimension]?: number }

/** What the container may use at most: its own limit, or the host's where it has none. */
export type Capacity = {
  /** CPU cores: min of quota ÷ period, cpuset and the host's cores. */
  readonly cpus?: number
  /** Bytes of memory. */
  readonly mem?: number
  /** Bytes a second of the disk, where declared or limited. */
  readonly disk?: number
  /** Bytes a second of the network, where declared. */
  readonly network?: number
}

/**
 * Least and most of what a capacity can be. Shares are taken of it, and of one that no machine has
 * they would be none: a thousandth of a core is the least that Linux grants (1 ms in each second).
 */
export const capacityRanges = {
  cpus: [0.001, 1e6],
  mem: [1, 1e18],
  disk: [1, 1e15],
  network: [1, 1e15],
} as const satisfies Record<keyof Capacity, readonly [number, number]>

/** The most that a raw figure can be: what is counted in bytes or seconds never gets there. */
const maxRaw = 1e18

/** The least quota, and the least period, in seconds: Linux has 1 ms for both. */
const leastPeriodS = 0.001

const rawNames = [
  'at_ms',
  'cpu_cores',
  'cpu_usage_s',
  'quota_s',
  'period_s',
  'period_start_ms',
  'nr_periods',
  'nr_throttled',
  'throttled_s',
  'cpu_pressure_s',
  'io_pressure_s',
  'mem_pressure_s',
  'mem_current',
  'mem_file',
  'disk_bytes',
  'net_bytes',
] as const

/**
 * Raw figures behind a point. Names in `_s` and `_bytes`, and `nr_*`, count up from the container's
 * start, so that a lost report only widens the reader's window; `at_ms` is the agent's monotonic
 * clock at which they were read. `cpu_cores` is the mean use over the last window, in cores;
 * `quota_s` in each `period_s` is the CFS quota (absent: none) and `period_start_ms` the wall
 * clock time of some start of a CFS period; `mem_*` are bytes now.
 */
export type RawFigures = { readonly [name in (typeof rawNames)[number]]?: number }

/** One container (or process) at one moment. */
export type NodeReport = {
  /** Stable identity: what the operator named it by, or the container's id. Not empty. */
  readonly id: string
  /** A name for people: the container's name, or the same as `id`. */
  readonly name: string
  /** True when the container or process has ended. Then `x`, `cap` and `raw` are empty. */
  readonly gone?: boolean
  readonly x: StatePoint
  readonly cap: Capacity
  readonly raw: RawFigures
  /** Where the figures come from, such as `cgroup2`, `cgroup1+psi`, `cgroup1`, `proc`, `ps`. */
  readonly src: string
  /** Milliseconds between the reading of the figures and the writing of this line; not negative. */
  readonly age: number
}

/** One tick of one agent, with every container it covers. */
export type Report = {
  readonly v: typeof reportVersion
  readonly host: string
  /**
   * Which run of the agent this is: microseconds since 1970 at which it began, so that a later run
   * has a larger one. Pushed reports must have it: it and `seq` tell news from what was sent before.
   */
  readonly boot?: number
  /** Grows by one a line; a gap is a lost line, a step back a restarted agent. */
  readonly seq: number
  /** Wall clock, ms since 1970, for people. Age is counted from receipt, so clocks may differ. */
  readonly t: number
  /** Milliseconds between lines; above 0. */
  readonly interval: number
  readonly nodes: readonly NodeReport[]
}

/** A line that is no report. `path` names the field, as in `nodes[2].x.cpu`. */
export class ReportError extends Error {
  override readonly name = 'ReportError'
  readonly path: string

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`)
    this.path = path
  }
}

/** More than any host carries; a line that claims more is refused before it is walked. */
export const maxNodesPerReport = 4096

/**
 * Checks one decoded line and copies out the fields of the contract, and no others.
 * @throws ReportError when a number is missing, not finite or out of its range.
 */
export function parseReport(value: unknown): Report {
  const line = object(value, 'report')
  if (line['v'] !== reportVersion) throw new ReportError('v', `want ${reportVersion}`)
  const nodes = line['nodes']
  if (!Array.isArray(nodes)) throw new ReportError('nodes', 'want an array')
  if (nodes.length > maxNodesPerReport) throw new ReportError('nodes', 'too many')
  return {
    v: reportVersion,
    host: text(line['host'], 'host'),
    ...(line['boot'] === undefined ? {} : { boot: number(line['boot'], 'boot', 0) }),
    seq: number(line['seq'], 'seq', 0),
    t: number(line['t'], 't', 0),
    interval: number(line['interval'], 'interval', Number.MIN_VALUE),
    nodes: nodes.map((node, i) => parseNode(node, `nodes[${i}]`)),
  }
}

function parseNode(value: unknown, path: string): NodeReport {
  const node = object(value, path)
  const id = text(node['id'], `${path}.id`)
  const gone = node['gone']
  if (gone !== undefined && typeof gone !== 'boolean') {
    throw new ReportError(`${path}.gone`, 'want true or false')
  }
  return {
    id,
    name: node['name'] === undefined ? id : text(node['name'], `${path}.name`),
    ...(gone === undefined ? {} : { gone }),
    x: numbers(node['x'], `${path}.x`, dimensions, () => [0, 1]),
    cap: numbers(node['cap'], `${path}.cap`, capacityNames, (name) => capacityRanges[name]),
    raw: numbers(node['raw'], `${path}.raw`, rawNames, rawRange),
    src: text(node['src'], `${path}.src`),
    age: number(node['age'], `${path}.age`, 0),
  }
}

const capacityNames = ['cpus', 'mem', 'disk', 'network'] as const

/** Least and most that a raw figure can be. */
export function rawRange(name: keyof RawFigures): readonly [number, number] {
  return [name === 'quota_s' || name === 'period_s' ? leastPeriodS : 0, maxRaw]
}

function numbers<Name extends string>(
  value: unknown,
  path: string,
  names: readonly Name[],
  rangeOf: (name: Name) => readonly [number, number],
): { readonly [name in Name]?: number } {
  const from = object(value, path)
  const to: { [name in Name]?: number } = {}
  for (const name of names) {
    if (from[name] !== undefined) to[name] = number(from[name], `${path}.${name}`, ...rangeOf(name))
  }
  return to
}

function number(value: unknown, path: string, min: number, max = Number.MAX_VALUE): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new ReportError(path, 'want a finite number')
  }
  if (value < min || value > max) throw new ReportError(path, `out of range: ${value}`)
  return value
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 256) {
    throw new ReportError(path, 'want a text of 1 to 256 characters')
  }
  return value
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ReportError(path, 'want an object')
  }
  return value as Record<string, unknown>
}
