import { z } from 'zod'
import { defaultChoice, parseStrategy, StrategyError } from './balance/strategy-choice.ts'
import { compatOf, latestGeth, oldestGeth } from './rpc/compat.ts'

/** A URL of a node or agent: http or https, an address without credentials' secrets in logs. */
const httpUrl = z
  .string()
  .refine(isHttpUrl, { error: 'want a URL that begins with http:// or https://' })
  .transform((text) => new URL(text))

const webSocketUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol), {
    error: 'want a URL that begins with ws:// or wss://',
  })
  .transform((text) => new URL(text))

const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'want 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first',
})

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

const duration = z.preprocess(
  (value) => (typeof value === 'string' ? millisecondsOf(value) : value),
  z.number({ error: 'want a duration such as 250ms or 2s' }).positive(),
)

const node = z.strictObject({
  id,
  url: httpUrl,
  /** Where it speaks WebSocket; without it, the same address as `url`. */
  ws: webSocketUrl.optional(),
  /** Where it serves what is passed through, if not on the host of `url`; false where nowhere. */
  web: z
    .union([z.literal(false), httpUrl], { error: 'want a URL that begins with http://, or false' })
    .optional(),
  /** Where its agent listens; its report bears this node's id or name. */
  agent: httpUrl.optional(),
  /** Cores it may use, for as long as no agent says. */
  cores: z.number().positive().optional(),
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
  nodes: z.array(node).min(1, { error: 'name at least one node' }).max(1024),
  'agent-token-file': z.string().min(1).optional(),
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
  problems.push(...doubles(value), ...openAdmin(value), ...strayAddr(value))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return parsed.data
}

function leavesOf(object: z.ZodObject, prefix: string): string[] {
  return Object.entries(object.shape).flatMap(([key, value]) => {
    const inner = value instanceof z.ZodPrefault ? value.unwrap() : value
    return inner instanceof z.ZodObject ? leavesOf(inner, `${prefix}${key}.`) : [prefix + key]
  })
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
  if (!Array.isArray(nodes)) return []
  const seen = new Set<unknown>()
  return nodes.flatMap((entry: unknown, i) => {
    const name = isRecord(entry) ? entry['id'] : undefined
    if (typeof name !== 'string') return []
    if (seen.has(name)) return [{ path: `nodes[${i}].id`, message: `${name} is there twice` }]
    seen.add(name)
    return []
  })
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

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function millisecondsOf(text: string): number | string {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
  if (amount === undefined) return text
  return Number(amount) * (unit === 'ms' ? 1 : unit === 's' ? 1_000 : 60_000)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
