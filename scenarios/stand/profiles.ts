import { bulkAccounts } from '../fleets/geth/genesis.ts'
import type { ChainRecipe } from '../fleets/geth/prepared-chain.ts'

/** Under which conditions strategies are tried. */
export type Profile = {
  readonly name: string
  readonly about: string
  readonly nodes: number
  /** CPU quota of each node, in cores; empty: none. */
  readonly cpus: readonly number[]
  /** Whether it means nothing on a machine that gives no quotas. */
  readonly needsQuotas: boolean
  /** Whether a process inside one node's control group takes 65 % of its quota, unseen. */
  readonly hasNeighbour: boolean
  /** Whether each second block is full of work, which every node must carry out. */
  readonly importsWork: boolean
  /** Reads a second that one node's disk is held to, or null. Two calls of five go to the disk then. */
  readonly slowReadsPerSecond: number | null
  readonly chain: ChainRecipe
}

const equalCpus = [0.35, 0.35, 0.35, 0.35]
const unequalCpus = [0.15, 0.3, 0.45, 0.6]

const equal: Profile = {
  name: 'equal',
  about: 'four nodes of 0.35 cores',
  nodes: equalCpus.length,
  cpus: equalCpus,
  needsQuotas: true,
  hasNeighbour: false,
  importsWork: false,
  slowReadsPerSecond: null,
  chain: { isSeeded: true, bulkAccounts: 0 },
}

const all: readonly Profile[] = [
  {
    ...equal,
    name: 'unequal',
    about:
      'three nodes of 0.25, 0.5 and 1 core, or of as much as they like where there are no quotas',
    nodes: 3,
    cpus: [0.25, 0.5, 1],
    needsQuotas: false,
  },
  equal,
  {
    ...equal,
    name: 'hetero',
    about: 'nodes of 0.15, 0.3, 0.45 and 0.6 cores',
    cpus: unequalCpus,
  },
  {
    ...equal,
    name: 'neighbour',
    about: 'equal, and a process nobody knows of takes 65 % of one quota, each 4 s of another',
    hasNeighbour: true,
  },
  {
    ...equal,
    name: 'both',
    about: 'hetero, and that process',
    cpus: unequalCpus,
    hasNeighbour: true,
  },
  {
    ...equal,
    name: 'disk',
    about:
      'equal, two calls of five read one of 300,000 accounts, and one disk gives 20 reads a second',
    slowReadsPerSecond: 20,
    chain: { isSeeded: true, bulkAccounts },
  },
  {
    ...equal,
    name: 'import',
    about: 'equal, and each second block holds 100 ms of work for every node',
    importsWork: true,
  },
]

/** Every profile by its name. */
export const profiles: ReadonlyMap<string, Profile> = new Map(
  all.map((profile) => [profile.name, profile]),
)

/** Nodes of our own as somebody wants them. @param cpus one for each node, or none */
export function customProfile(nodes: number, cpus: readonly number[]): Profile {
  const limits = cpus.length === 0 ? 'without CPU limits' : `of ${cpus.join(', ')} cores`
  const about = `${nodes === 1 ? 'one node' : `${nodes} nodes`} ${limits}`
  return { ...equal, name: 'custom', about, nodes, cpus, needsQuotas: false }
}
