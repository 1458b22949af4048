import { isIdPart, type Selector } from './containers/container.ts'
import { type EngineAddress, parseEngineAddress } from './containers/docker-engine.ts'
import { mountedAccount } from './containers/kubernetes-api.ts'
import type { NodeOptions, ProcessName } from './naming.ts'
import type { Declared } from './normalize.ts'
import { parsePid } from './pid-file.ts'
import type { ContainerOptions } from './watch-list.ts'

/** What an agent watches. */
export type Selection = {
  readonly nodes: readonly NodeOptions[]
  /** Containers by name, id or label. */
  readonly containers: readonly ContainerOptions[]
  /**
   * The engine that knows their names and labels: `unix:///…` or an address. `auto` is Docker's own
   * socket, or no engine where there is no such socket and all are named by id; `none` is no engine.
   */
  readonly docker: string
  /** Containers are the pods of this machine, as the API server of Kubernetes knows them. */
  readonly kubernetes?: KubernetesPlace
}

/** The machine as Kubernetes calls it, and the folder of the service account to ask by. */
export type KubernetesPlace = { readonly node: string; readonly account: string }

/** The command line as words. */
export type SelectionFlags = {
  readonly pid?: readonly string[]
  readonly container?: readonly string[]
  readonly label?: readonly string[]
  readonly docker?: string | undefined
  readonly kubernetes?: string | undefined
  readonly 'kubernetes.account'?: string | undefined
  readonly networkMbps?: readonly string[]
  readonly diskMbps?: readonly string[]
}

/** Where Docker listens if nobody says otherwise. */
export const dockerSocket = '/var/run/docker.sock'

/** What one agent watches at most. */
export const maxNodes = 1024

const bytesPerMegabit = 125_000

/** What the flags say; what they say wrong goes to `problems`, a line each. */
export function parseSelection(flags: SelectionFlags, problems: string[]): Selection {
  const network = parseMbps('--network-mbps', flags.networkMbps ?? [], problems)
  const disk = parseMbps('--disk-mbps', flags.diskMbps ?? [], problems)
  const ids = new Set<string>()
  const declaredFor = (id: string): Declared => {
    ids.add(id)
    const networkBytesPerS = network.get(id)
    const diskBytesPerS = disk.get(id)
    return {
      ...(networkBytesPerS !== undefined && { networkBytesPerS }),
      ...(diskBytesPerS !== undefined && { diskBytesPerS }),
    }
  }
  const nodes = parseNodes(flags.pid ?? [], declaredFor, problems)
  const containers = [
    ...parseContainers(flags.container ?? [], problems).map((selector) => ({
      ...selector,
      ...declaredFor(selector.name),
    })),
    ...parseLabels(flags.label ?? [], problems),
  ]
  for (const id of network.keys()) {
    if (!ids.has(id)) problems.push(`--network-mbps ${id}: no such --pid or --container`)
  }
  for (const id of disk.keys()) {
    if (!ids.has(id)) problems.push(`--disk-mbps ${id}: no such --pid or --container`)
  }
  const { docker = 'auto', kubernetes: node } = flags
  const account = flags['kubernetes.account'] ?? mountedAccount
  const place = node === undefined ? {} : { kubernetes: { node, account } }
  return { nodes, containers, docker, ...place }
}

/** What no flag shows alone, a line each, in the words of the flags. */
export function problemsOfSelection(selection: Selection): readonly string[] {
  const { nodes, containers, docker, kubernetes } = selection
  const names = containers.flatMap((by) => (by.kind === 'container' ? [by.name] : []))
  const ids = [...nodes.map(({ id }) => id), ...names]
  const repeated = new Set(ids.filter((id, i) => ids.indexOf(id) !== i))
  const flagOf = (id: string): string =>
    nodes.some((node) => node.id === id) ? 'pid' : 'container'
  return [
    ...(ids.length === 0 && containers.length === 0
      ? ['--pid, --container, --label: want at least one, as in --pid geth-1=4242']
      : []),
    ...(ids.length > maxNodes ? [`--pid: at most ${maxNodes} nodes for one agent`] : []),
    ...[...repeated].map((id) => `--${flagOf(id)} ${id}: given more than once`),
    ...(kubernetes === undefined
      ? problemsOfDocker(docker, containers)
      : problemsOfKubernetes(kubernetes, docker)),
  ]
}

/** Where the engine of a selection listens: undefined when none is asked. */
export function engineOf(
  { docker, containers }: Selection,
  exists: (file: string) => boolean,
): EngineAddress | undefined {
  if (docker === 'none' || containers.length === 0) return undefined
  if (docker !== 'auto') return parseEngineAddress(docker)
  const needsNames = !containers.every(isScannable)
  return needsNames || exists(dockerSocket) ? { socketPath: dockerSocket } : undefined
}

function problemsOfDocker(docker: string, containers: readonly Selector[]): readonly string[] {
  if (docker === 'auto') return []
  if (docker !== 'none') {
    if (parseEngineAddress(docker) !== undefined) return []
    return [`--docker ${docker}: want unix:///PATH, tcp://HOST:PORT, https://HOST:PORT or none`]
  }
  return containers
    .filter((by) => !isScannable(by))
    .map((by) =>
      by.kind === 'label'
        ? `--label ${by.key}: labels are kept by Docker, which --docker none leaves out`
        : `--container ${by.name}: names are kept by Docker, which --docker none leaves out; give 12 or more digits of the id`,
    )
}

function problemsOfKubernetes({ node }: KubernetesPlace, docker: string): readonly string[] {
  return [
    // It goes into a query, and Kubernetes names machines as DNS does.
    ...(/^[a-z0-9][a-z0-9.-]{0,252}$/.test(node)
      ? []
      : [`--kubernetes ${node}: want the name of this machine, as kubectl get nodes shows it`]),
    ...(docker === 'auto' || docker === 'none'
      ? []
      : ['--kubernetes: it takes no --docker beside it']),
  ]
}

function isScannable(by: Selector): boolean {
  return by.kind === 'container' && isIdPart(by.name)
}

function parseNodes(
  words: readonly string[],
  declaredFor: (id: string) => Declared,
  problems: string[],
): readonly NodeOptions[] {
  const nodes: NodeOptions[] = []
  for (const word of words) {
    const [id, value] = splitAtEquals(word)
    const name = parseProcessName(value)
    const declared = isId(id) ? declaredFor(id) : {}
    if (isId(id) && name !== undefined) nodes.push({ id, ...name, ...declared })
    else {
      problems.push(`--pid ${word}: want ID=PID or ID=FILE (the path of a pid file, with a /)`)
    }
  }
  return nodes
}

function parseContainers(
  words: readonly string[],
  problems: string[],
): readonly (Selector & { readonly kind: 'container' })[] {
  return words.flatMap((name) => {
    if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return [{ kind: 'container', name }]
    problems.push(`--container ${name}: want a container's name, or 12 or more digits of its id`)
    return []
  })
}

function parseLabels(words: readonly string[], problems: string[]): readonly Selector[] {
  return words.flatMap((word): Selector[] => {
    const [key, value] = splitAtEquals(word)
    if (isId(key)) return [{ kind: 'label', key, ...(word.includes('=') && { value }) }]
    problems.push(`--label ${word}: want KEY or KEY=VALUE`)
    return []
  })
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
    if (isId(id) && mbps > 0 && Number.isFinite(mbps)) bytesPerS.set(id, mbps * bytesPerMegabit)
    else problems.push(`${flag} ${word}: want ID=N with N megabits a second, above 0`)
  }
  return bytesPerS
}

/** The id is what metrics and streams are told apart by: visible characters, no `=`. */
function isId(text: string): boolean {
  return /^[^\s=\p{C}]{1,128}$/u.test(text)
}

function splitAtEquals(word: string): readonly [string, string] {
  const at = word.indexOf('=')
  return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}
