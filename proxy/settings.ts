import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Config, ConfigError, type Problem, parseConfig } from './config.ts'

/** What the command line says; every member is absent unless it was given. */
export type Flags = {
  readonly config?: string
  readonly node?: readonly string[]
  readonly agent?: readonly string[]
  readonly cores?: readonly string[]
  readonly strategy?: string
  /** Parts of the strategy, whichever it is. */
  readonly hold?: string
  readonly observer?: string
  /** Flags that are keys of the configuration, by their path: `http.addr`, `log.level`, … */
  readonly keys: ReadonlyMap<string, string>
}

/** Keys whose values are numbers in a file and texts on a command line. */
const numeric = new Set([
  'http.port',
  'ws.port',
  'admin.port',
  'rpc.batch-request-limit',
  'rpc.batch-response-max-size',
])

/** Keys that are true or false, and as flags are given without a value. */
const switches = new Set(['graphql', 'providers.docker.host-ports'])

/** Providers that need nothing but to be named: given as flags without a value. */
const namedAlone = new Set(['providers.docker'])

/**
 * The configuration: flag over file over default.
 * @throws ConfigError with all problems of file and flags together
 */
export function loadConfig(flags: Flags): Config {
  const problems: Problem[] = []
  const tree = flags.config === undefined ? {} : readTree(flags.config)
  for (const [path, text] of flags.keys) setAt(tree, path, decoded(path, text))
  addStrategy(tree, flags)
  if (flags.node !== undefined) tree['nodes'] = flags.node.map(nodeOf)
  for (const text of flags.agent ?? []) addToNode(tree, 'agent', 'URL', text, problems)
  for (const text of flags.cores ?? []) addToNode(tree, 'cores', 'N', text, problems)
  try {
    const config = parseConfig(tree)
    if (problems.length === 0) return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const said = new Set(problems.map(({ path }) => path))
    problems.push(...error.problems.filter(({ path }) => !said.has(path)))
  }
  throw new ConfigError(problems)
}

function decoded(path: string, text: string): unknown {
  if (numeric.has(path)) return digits(text)
  if (namedAlone.has(path)) return {}
  return switches.has(path) ? text === 'true' : text
}

/** Not what `Number` makes of it: an empty text is no 0, and `0x1f` no port. */
function digits(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

type Tree = Record<string, unknown>

function readTree(file: string): Tree {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n')
    throw new ConfigError([{ path: file, message: reason ?? 'cannot be read' }])
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigError([{ path: file, message: 'want keys and values' }])
  }
  return value as Tree
}

/** What a file says below a key that is only named stays. */
function setAt(tree: Tree, path: string, value: unknown): void {
  const dot = path.indexOf('.')
  if (dot < 0) {
    const isNaming = typeof value === 'object' && typeof tree[path] === 'object'
    if (!isNaming || tree[path] === null) tree[path] = value
    return
  }
  const key = path.slice(0, dot)
  const below = tree[key]
  const branch = typeof below === 'object' && below !== null ? (below as Tree) : {}
  tree[key] = branch
  setAt(branch, path.slice(dot + 1), value)
}

/** `ID=URL`, or a URL alone, which is named by its place: `node-1`, `node-2`, … */
function nodeOf(text: string, index: number): Tree {
  const named = /^([^=/:]+)=(.*)$/s.exec(text)
  return named === null ? { id: `node-${index + 1}`, url: text } : { id: named[1], url: named[2] }
}

/** `ID=VALUE` of `--agent` or `--cores`: a key of the node with that id. */
function addToNode(
  tree: Tree,
  key: 'agent' | 'cores',
  wanted: string,
  text: string,
  problems: Problem[],
): void {
  const path = `--${key}`
  const [, id, value] = /^([^=/:]+)=(.+)$/s.exec(text) ?? []
  const nodes: unknown = tree['nodes']
  const node = Array.isArray(nodes) ? nodes.find((entry: unknown) => idOf(entry) === id) : undefined
  if (id === undefined || value === undefined) {
    problems.push({ path, message: `want ID=${wanted}, not ${text}` })
  } else if (node === undefined) {
    problems.push({ path, message: `no node has the id ${id}` })
  } else node[key] = key === 'cores' ? Number(value) : value
}

/** A name on the command line puts aside the parts that a file gives to another. */
function addStrategy(tree: Tree, { strategy, hold, observer }: Flags): void {
  if (strategy !== undefined) tree['strategy'] = strategy
  if (hold === undefined && observer === undefined) return
  const { strategy: named } = tree
  const whole = typeof named === 'object' && named !== null ? named : named && { name: named }
  tree['strategy'] = {
    ...(whole || {}),
    ...(hold === undefined ? {} : { hold }),
    ...(observer === undefined ? {} : { observer }),
  }
}

function idOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined
}
