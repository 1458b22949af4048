import type { Cluster } from './cluster.ts'
import { type Disturbances, undisturbed } from './disturbance.ts'
import { diskMix, traceFreeMix, wideMix } from './mixes.ts'
import { soundAgents } from './simulated-agent.ts'
import type { NodeOptions } from './simulated-node.ts'

/** A node of the study: a machine of its own, more disk than anybody needs, 0.5 ms away. */
export const studyNode: NodeOptions = {
  cores: 2,
  speed: 1,
  disks: 64,
  rttMs: 0.5,
  model: { kind: 'shared', workers: null, hasQuota: false },
}

/** What nodes of the study do besides: imports, compactions, neighbours on the machine. */
export const studyDisturbances: Disturbances = {
  blockImport: { meanMs: 700, share: 0.9, diskShare: 0.5 },
  bursts: { onMs: 4_000, offMs: 20_000, share: 0.6, diskShare: 0.5 },
  neighbour: { onMs: 5_000, offMs: 15_000, share: 0.5 },
  quotaNeighbour: null,
}

const base: Cluster = {
  name: '',
  about: '',
  nodes: [],
  mix: wideMix,
  load: 0.7,
  capacityPerSecond: null,
  proxies: 1,
  bursts: null,
  disturbances: undisturbed,
  agents: soundAgents,
  declaresCores: true,
  knowsCosts: false,
  host: null,
}

/** The most usual shape, from which clusters of one's own are made. */
export const plainCluster: Cluster = base

const unequal = [0.5, 0.5, 1, 1, 2, 2, 4, 4].map((cores) => ({ ...studyNode, cores }))
const unequalDisks = [4, 4, 4, 1, 1, 1].map((disks) => ({ ...studyNode, disks }))
const importOnly: Disturbances = {
  ...undisturbed,
  blockImport: { meanMs: 700, share: 0.6, diskShare: 0.4 },
}
const quotaNode: NodeOptions = {
  ...studyNode,
  model: { kind: 'shared', workers: null, hasQuota: true },
}
const oneThread: NodeOptions = {
  ...studyNode,
  cores: 1,
  model: { kind: 'shared', workers: 1, hasQuota: false },
}

const flagship: Cluster = {
  ...base,
  name: 'B2',
  about: 'eight unequal machines with imports, bursts and neighbours',
  nodes: unequal,
  disturbances: studyDisturbances,
}
const disks: Cluster = {
  ...base,
  name: 'B4',
  about: 'three nodes with fast disks, three with slow ones',
  nodes: unequalDisks,
  mix: diskMix,
  disturbances: importOnly,
}

/** B1 to B8 of the policy study; those with variants have one cluster each. */
export const studyClusters: readonly Cluster[] = [
  {
    ...base,
    name: 'B1',
    about: 'eight equal machines, nothing else on them',
    nodes: Array.from({ length: 8 }, () => studyNode),
  },
  flagship,
  { ...flagship, name: 'B3', about: 'B2 behind four proxies', proxies: 4 },
  disks,
  { ...disks, name: 'B4-85', about: 'B4 at load 0.85', load: 0.85 },
  {
    ...base,
    name: 'B5',
    about: 'seven unequal CFS quotas on large machines',
    nodes: [0.5, 0.5, 1, 1, 1, 2, 2].map((cores) => ({ ...quotaNode, cores })),
    mix: traceFreeMix,
    load: 0.65,
    disturbances: { ...undisturbed, blockImport: studyDisturbances.blockImport },
  },
  ...[100, 1000, 5000].map((intervalMs) => ({
    ...flagship,
    name: `B6-${intervalMs}ms`,
    about: `B2 with a report each ${intervalMs} ms`,
    agents: { ...soundAgents, intervalMs },
  })),
  {
    ...flagship,
    name: 'B7-dead',
    about: 'B2, all agents die after 30 s',
    agents: { ...soundAgents, fault: 'silent', faulty: 8, faultAtMs: 30_000 },
  },
  {
    ...flagship,
    name: 'B7-frozen',
    about: 'B2, half the agents say the same for ever from 10 s on',
    agents: { ...soundAgents, fault: 'frozen', faulty: 4, faultAtMs: 10_000 },
  },
  {
    ...flagship,
    name: 'B7-lying',
    about: 'B2, half the agents say that their node is idle',
    agents: { ...soundAgents, fault: 'idle', faulty: 4 },
  },
  {
    ...flagship,
    name: 'B7-loss',
    about: 'B2, three reports in ten are lost and the others off by 20 %',
    agents: { ...soundAgents, loss: 0.3, noise: 0.2 },
  },
  {
    ...base,
    name: 'B8',
    about: 'six equal nodes that serve one call at a time',
    nodes: Array.from({ length: 6 }, () => oneThread),
    mix: traceFreeMix,
  },
]
