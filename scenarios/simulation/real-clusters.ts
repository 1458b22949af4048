import type { Cluster, SharedHost } from './cluster.ts'
import { type Disturbances, undisturbed } from './disturbance.ts'
import { gethDiskMix, gethMix } from './mixes.ts'
import { soundAgents } from './simulated-agent.ts'
import type { NodeOptions } from './simulated-node.ts'

/**
 * Geth 1.17.5 collects once in 117 to 126 ms of CPU, whatever its quota, and uses some 20 ms for that
 * (`GODEBUG=gctrace=1`, `hetero` at 0.7, collections that no stall fell into): more than half of what
 * a node of 0.35 cores has in a period, and all that one of 0.15 has.
 */
const garbage = { share: 0.17, burstMs: 20 }

/**
 * Light calls took 0.6, 0.75, 1.0 and 1.5 ms in the median on Geths that had nothing else to do and got
 * one each 11, 20, 50 and 140 ms, and 3.3 ms on one that got one a second (record of 25,000 calls, 2026-11-22).
 */
const cold = { mostMs: 2.7, tauMs: 300 }

/** A Geth process under a CPU quota on a machine of two cores that it shares with all others. */
const gethNode: NodeOptions = {
  cores: 0.35,
  speed: 1,
  disks: 8,
  rttMs: 0.3,
  model: { kind: 'sliced', threads: 1, sliceMs: 10, garbage, cold },
}

/**
 * Linux 6.18 on two cores with HZ=250: a timer ends slices each 4 ms. Who wakes up could go first after
 * the base slice of 1.4 ms; with 4 light calls under weighted least-connection come nearer to what was
 * measured (p95 on `equal` at half load 9.7 ms for 5.6; on Geths 20), so that is fitted.
 * What proxy and generator used in the trials of 2026-11-22 (`scenarios/results`): 0.12 and 0.06 cores,
 * and 0.17 and 0.75 ms a call.
 */
const labMachine: SharedHost = {
  ...{ cores: 2, sliceMs: 4, keptMs: 4 },
  proxy: { idleCores: 0.12, idleMs: 1, inMs: 0.1, outMs: 0.07 },
  generator: { idleCores: 0.06, idleMs: 1, inMs: 0.35, outMs: 0.4 },
}

/** A proof takes 50 ms of it: 20 reads a second, of which it serves one at a time. */
const slowDisk = 0.02

const unequal = [0.15, 0.3, 0.45, 0.6].map((cores) => ({ ...gethNode, cores }))
const equal = [0.35, 0.35, 0.35, 0.35].map((cores) => ({ ...gethNode, cores }))

/**
 * A process inside one node's cgroup that uses 65 % of its quota, the next node's after 4 s. Its own
 * timers take some 0.035 cores more: it used 0.14 of 0.15 cores, and 0.26 of 0.3.
 */
const beside: Disturbances = {
  ...undisturbed,
  quotaNeighbour: { share: 0.65, ownCores: 0.035, stayMs: 4_000 },
}

const base: Cluster = {
  name: 'equal',
  about: 'four Geth nodes of 0.35 cores on one machine',
  nodes: equal,
  mix: gethMix,
  load: 0.7,
  capacityPerSecond: 336,
  proxies: 1,
  bursts: null,
  disturbances: undisturbed,
  agents: soundAgents,
  declaresCores: false,
  knowsCosts: false,
  host: labMachine,
}

/** The profiles of the trials on real Geth nodes; what they carried is as measured there. */
export const realClusters: readonly Cluster[] = [
  base,
  {
    ...base,
    name: 'hetero',
    about: 'four Geth nodes of 0.15, 0.3, 0.45 and 0.6 cores on one machine',
    nodes: unequal,
    capacityPerSecond: 360,
  },
  {
    ...base,
    name: 'neighbour',
    about: 'equal, and an unseen process that eats 65 % of one quota, each 4 s of another',
    disturbances: beside,
    capacityPerSecond: 283,
  },
  {
    ...base,
    name: 'both',
    about: 'hetero, and that process',
    nodes: unequal,
    disturbances: beside,
    capacityPerSecond: 300,
  },
  {
    ...base,
    name: 'disk',
    about: 'equal, with reads of state, and one disk of 20 reads a second',
    nodes: equal.map((node, i) => ({ ...node, disks: i === 0 ? slowDisk : 4 })),
    mix: gethDiskMix,
    capacityPerSecond: 485,
  },
]
