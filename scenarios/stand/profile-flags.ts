import type { FlagReader } from '../flags.ts'
import { customProfile, type Profile, profiles } from './profiles.ts'

/** The flags that say what the nodes of a fleet of our own are, as typed. */
export type ProfileFlags = {
  readonly profile?: string
  readonly nodes?: string
  readonly cpu?: string
}

/** What holds without `--profile`, by the fleet. */
const defaultProfiles: { readonly [fleet: string]: string } = { anvil: 'unequal', geth: 'hetero' }
const defaultNodes = '3'

/** The profiles that are named, or nodes as `--nodes` and `--cpu` want them. */
export function readProfiles(
  { profile, nodes, cpu }: ProfileFlags,
  fleet: string,
  read: FlagReader,
): readonly Profile[] {
  if (nodes !== undefined || cpu !== undefined) {
    if (profile !== undefined) read.refuse('--profile: not with --nodes or --cpu')
    return [readCustom(nodes, cpu, read)]
  }
  const names = read.names('--profile', profile ?? defaultProfiles[fleet] ?? '')
  return names.flatMap((name) => {
    read.oneOf('--profile', name, profiles.keys())
    const found = profiles.get(name)
    if (found === undefined) return []
    if (found.slowReadsPerSecond !== null && fleet !== 'geth') {
      read.refuse(`--profile ${name}: takes --fleet geth; Anvil keeps its chain in memory`)
    }
    return [found]
  })
}

function readCustom(
  nodesText: string | undefined,
  cpuText: string | undefined,
  read: FlagReader,
): Profile {
  const isLimited = cpuText !== undefined && cpuText !== 'none'
  const cpus = isLimited
    ? read.items('--cpu', cpuText).map((text) => read.number('--cpu', text, 0.05, 64))
    : []
  const fallback = cpus.length > 0 ? String(cpus.length) : defaultNodes
  const nodes = read.whole('--nodes', nodesText ?? fallback, 1, 16)
  if (cpus.length > 0 && cpus.length !== nodes) {
    read.refuse(`--cpu: ${cpus.length} quotas for ${nodes} nodes; want one for each`)
  }
  return customProfile(nodes, cpus)
}
