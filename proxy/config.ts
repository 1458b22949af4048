import { z } from 'zod'
import { defaultChoice, parseStrategy, StrategyError } from './balance/strategy-choice.ts'
import { duration } from './discovery/duration.ts'
import { doubleIds, nodeSchema } from './discovery/node-spec.ts'
import { hasProvider, providersSchema } from './discovery/provider-config.ts'
import { compatOf, latestGeth, oldestGeth } from './rpc/compat.ts'

/** Of all sources together. */
export const maxNodes = 1024

const noNodesMessage = 'name at least one node, or a provider that finds some'

const port = z.int().min(0).max(65_535)
/** Flags bear Geth's names, which separate names in a list by commas; files may use YAML lists. */
const list = z.preprocess(
  (value) => (typeof value === 'string' ? split(value) : value),
  z.array(z.string().min(1)),
)

const prefix = z
  .string()
  .refine((text) => /^(\/[^?#]*)?$/.test(text), { error: 'want a path, as /rpc' })

/** The root is JSON-RPC's. */
const passedPath = z
  .string()
  .regex(/^(\/[\w-][\w.-]*)+$/, { error: 'want a path below the root, as /graphql' })

/** A name, or a name with its parts: `{name: state-space, hold: off, observer: quota}`. */
const strategy = z.unknown().transform((value, context) => {
  try {
    return parseStrategy(value)
  } catch (error) {
    if (!(error instanceof StrategyError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const release = z.string().refine((text) => compatOf(text) !== null, {
  error: `want a release of Geth from ${oldestGeth} to ${latestGeth}`,
})

const schema = z.strictObject({
  http: z
    .strictObject({
      addr: z.string().min(1).default('127.0.0.1'),
      port: port.default(8545),
      api: list.default(['eth', 'net', 'web3']),
      vhosts: list.default(['localhost']),
      corsdomain: list.default([]),
      rpcprefix: prefix.default(''),
    })
    .prefault({}),
  /** What is not given is as with `http`. */
  ws: z
    .strictObject({
      addr: z.string().min(1).optional(),
      port: port.optional(),
      api: list.optional(),
      origins: list.default([]),
      rpcprefix: prefix.optional(),
    })
    .prefault({}),
  /** Nodes serve `/graphql`, and so does the proxy. */
  graphql: z.boolean().default(false),
  'pass-through': list.pipe(z.array(passedPath)).default([]),
  ipcpath: z.string().min(1).max(100).optional(),
  rpc: z
    .strictObject({
      'batch-request-limit': z.int().min(0).default(1000),
      'batch-response-max-size': z.int().min(0).default(25_000_000),
      /** Which Geth clients take it for, where releases differ. */
      compat: release.default(latestGeth),
    })
    .prefault({}),
  admin: z
    .strictObject({
      addr: z.string().min(1).default('127.0.0.1'),
      port: port.default(8550),
      'token-file': z.string().min(1).optional(),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    })
    .prefault({}),
  nodes: z.array(nodeSchema).max(maxNodes).default([]),
  /** Where further nodes are found; the fleet follows what they say. */
  providers: providersSchema.prefault({}),
  'agent-token-file': z.string().min(1).optional(),
  /** PEM files: who signed agents' certificates, and what is shown to them. */
  'agent-tls': z
    .strictObject({
      ca: z.string().min(1).optional(),
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
    })
    .prefault({}),
  strategy: strategy.default(defaultChoice),
  /** A file to take down arrivals, decisions and reports in, for a replay. */
  record: z.string().min(1).optional(),
  'chain-id': z.int().positive().optional(),
  /** How far many nodes must look like one. */
  consistency: z
    .strictObject({
      strict: z.boolean().default(false),
      quorum: z.int().min(1).default(1),
      wait: duration.default(2_000),
    })
    .prefault({}),
  /** Folder of ABIs, for names of contracts and functions. */
  abi: z.string().min(1).optional(),
  /** Folder in which accepted transactions are kept through a crash. */
  journal: z.string().min(1).optional(),
  'session-header': z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/, { error: 'want the name of a header, as X-Client' })
    .optional(),
  methods: z.strictObject({ allow: list.default([]), deny: list.default([]) }).prefault({}),
  health: z
    .strictObject({
      interval: duration.default(500),
      timeout: duration.default(1_000),
      'max-lag': z.int().min(0).default(2),
    })
    .prefault({}),
  limits: z
    .strictObject({
      timeout: duration.default(29_900),
      'max-calls': z.int().min(1).default(10_000),
      'max-sockets': z.int().min(1).default(10_000),
      'max-answer-bytes': z.int().min(1024).default(134_217_728),
      'max-queued-bytes': z.int().min(65_536).default(67_108_864),
      'max-record-bytes': z.int().min(65_536).default(268_435_456),
      'sockets-per-node': z.int().min(1).default(256),
    })
    .prefault({}),
})

/** Every key of the configuration by its path, such as `http.port`. */
export const configKeys: readonly string[] = leavesOf(schema, '')

/** The configuration with every default filled in. Keys are the flags' names, as a tree. */
export type Config = z.output<typeof schema>

/** One thing wrong with a configuration: the path of the key, and what is wanted. */
export type Problem = { readonly path: string; readonly message: string }

/** A configuration that cannot be used, with all that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
    this.problems = problems
  }
}

/**
 * Checks a decoded configuration, all of it at once.
 * @throws ConfigError with every problem and its path
 */
export function parseConfig(value: unknown): Config {
  const parsed = schema.safeParse(value)
  const problems = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf)
  problems.push(...doubles(value), ...noNodes(value), ...openAdmin(value), ...strayAddr(value))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return parsed.data
}

function leavesOf(object: z.ZodObject, prefix: string): string[] {
  return Object.entries(object.shape).flatMap(([key, value]) => {
    const inner = bare(value)
    return inner instanceof z.ZodObject ? leavesOf(inner, `${prefix}${key}.`) : [prefix + key]
  })
}

/** What stands in a key, whether or not it may be absent. */
function bare(value: unknown): unknown {
  if (value instanceof z.ZodPrefault || value instanceof z.ZodOptional) return bare(value.unwrap())
  return value instanceof z.ZodPipe ? bare(value.out) : value
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = pathOf(issue.path)
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: path || 'configuration', message: lowerFirst(issue.message) }]
  }
  return issue.keys.map((key) => ({
    path: pathOf([...issue.path, key]),
    message: 'no such key',
  }))
}

/** Node ids must be told apart, which no schema of one node sees. */
function doubles(value: unknown): Problem[] {
  const nodes: unknown = isRecord(value) ? value['nodes'] : undefined
  return Array.isArray(nodes) ? doubleIds(nodes, 'nodes') : []
}

/** Without nodes of its own, the proxy must be told where to find some. */
function noNodes(value: unknown): Problem[] {
  const { nodes, providers } = isRecord(value) ? value : {}
  if (nodes !== undefined && !(Array.isArray(nodes) && nodes.length === 0)) return []
  return hasProvider(providers) ? [] : [{ path: 'nodes', message: noNodesMessage }]
}

/** Whoever reaches the admin port steers the fleet, so beyond loopback he must show a token. */
function openAdmin(value: unknown): Problem[] {
  const admin: unknown = isRecord(value) ? value['admin'] : undefined
  if (!isRecord(admin)) return []
  const { addr, 'token-file': tokenFile } = admin
  if (typeof addr !== 'string' || isLoopback(addr) || tokenFile !== undefined) return []
  return [{ path: 'admin.token-file', message: `needed, because ${addr} is not loopback` }]
}

/** On one port there is one address. */
function strayAddr(value: unknown): Problem[] {
  const { http, ws } = isRecord(value) ? value : {}
  if (!isRecord(ws) || ws['addr'] === undefined) return []
  const { addr = '127.0.0.1', port: shared = 8545 } = isRecord(http) ? http : {}
  const { port: own = shared } = ws
  if (ws['addr'] === addr || own !== shared) return []
  return [{ path: 'ws.addr', message: `needs a ws.port that is not http.port, ${String(shared)}` }]
}

function isLoopback(addr: string): boolean {
  return addr === 'localhost' || addr === '::1' || /^127\.[\d.]+$/.test(addr)
}

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`
    return path === '' ? String(key) : `${path}.${String(key)}`
  }, '')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
