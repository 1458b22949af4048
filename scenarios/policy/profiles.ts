import { bulkAccounts } from '../fleets/geth/genesis.ts'
import type { ChainRecipe } from '../fleets/geth/prepared-chain.ts'

/** Under which conditions strategies are tried. */
export type Profile = {
  readonly name: string
  readonly about: string
  /** CPU quota of each node, in cores. */
  readonly cpus: readonly number[]
  /** Whether a process inside one node's control group takes 65 % of its quota, unseen. */
  readonly hasNeighbour: boolean
  /** Reads a second that one node's disk is held to, or null. */
  readonly slowReadsPerSecond: number | null
  readonly workload: string
  readonly chain: ChainRecipe
}

const equalCpus = [0.35, 0.35, 0.35, 0.35]
const unequalCpus = [0.15, 0.3, 0.45, 0.6]

const equal: Profile = {
  name: 'equal',
  about: 'four nodes of 0.35 cores',
  cpus: equalCpus,
  hasNeighbour: false,
  slowReadsPerSecond: null,
  workload: 'geth-reads',
  chain: { isSeeded: true, bulkAccounts: 0 },
}

const all: readonly Profile[] = [
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
    about: 'equal, a chain of 300,000 accounts, and one node whose disk gives 60 reads a second',
    slowReadsPerSecond: 60,
    workload: 'geth-disk-reads',
    chain: { isSeeded: true, bulkAccounts },
  },
]

/** Every profile by its name. */
export const profiles: ReadonlyMap<string, Profile> = new Map(
  all.map((profile) => [profile.name, profile]),
)
