import { type Random, randomStream } from '../load/random.ts'
import type { CallKind } from './call-mix.ts'
import type { Cluster } from './cluster.ts'
import { undisturbed } from './disturbance.ts'
import { callKinds } from './mixes.ts'
import { soundAgents } from './simulated-agent.ts'
import type { NodeOptions } from './simulated-node.ts'
import { plainCluster, studyDisturbances, studyNode } from './study-clusters.ts'

/**
 * Random clusters that nothing was tuned on, as the policy study draws them: 3 to 16 nodes, equal or
 * unequal, with disks or without, random mixes, disturbances on seven in ten, one to four proxies.
 *
 * @param seed draws the clusters; another seed draws others
 */
export function holdoutClusters(count: number, seed: number): readonly Cluster[] {
  const random = randomStream(seed, 'hold-out clusters')
  return Array.from({ length: count }, (_, i) => draw(random, `hold-out ${i + 1}`))
}

function draw(random: Random, name: string): Cluster {
  const size = 3 + Math.floor(random() * 14)
  const isUnequal = random() < 0.6
  const areDisksUnequal = random() < 0.5
  const usesDisks = random() < 0.5
  const isDisturbed = random() < 0.7
  const proxies = random() < 0.5 ? 1 : 2 + Math.floor(random() * 3)
  const nodes = Array.from(
    { length: size },
    (): NodeOptions => ({
      ...studyNode,
      cores: isUnequal ? oneOf([0.5, 1, 1, 2, 2, 4], random) : 2,
      disks: !usesDisks ? 64 : areDisksUnequal ? oneOf([1, 2, 4], random) : 2,
      rttMs: 0.3 + 0.7 * random(),
    }),
  )
  const mix = drawMix(usesDisks, random)
  const load = 0.5 + 0.4 * random()
  const intervalMs = oneOf([100, 250, 250, 1000], random)
  const disturbances = !isDisturbed
    ? undisturbed
    : {
        ...studyDisturbances,
        bursts: random() < 0.5 ? studyDisturbances.bursts : null,
        neighbour: random() < 0.5 ? studyDisturbances.neighbour : null,
      }
  const bursts = random() < 0.2 ? { high: 1.6, highMs: 500, low: 0.85, lowMs: 2000 } : null
  const disks = usesDisks ? `${areDisksUnequal ? 'unequal' : 'equal'} disks` : 'CPU alone'
  return {
    ...plainCluster,
    name,
    about: `${size} ${isUnequal ? 'unequal' : 'equal'} nodes, ${disks}, ${proxies} proxies, ${isDisturbed ? 'disturbed' : 'quiet'}`,
    nodes,
    mix,
    load,
    proxies,
    bursts,
    disturbances,
    agents: { ...soundAgents, intervalMs },
  }
}

function drawMix(usesDisks: boolean, random: Random): readonly CallKind[] {
  const { chainId, blockNumber, balance, call, proof, logs, coldLogs, trace } = callKinds
  const shares = [
    [chainId, 0.1 + 0.3 * random()],
    [blockNumber, 0.2 * random()],
    [balance, 0.1 + 0.3 * random()],
    [call, 0.1 + 0.4 * random()],
    [logs, 0.08 * random()],
    [trace, 0.01 * random() * random()],
  ] as const
  const mix = shares.map(([kind, share]) => ({ ...scaled(kind, 0.5 + random()), share }))
  if (!usesDisks) return mix
  const cold = { ...proof, share: 0.05 + 0.3 * random() }
  const diskMs =
    proof.diskMs === null ? null : { ...proof.diskMs, mean: proof.diskMs.mean * (0.5 + random()) }
  return [...mix, { ...cold, diskMs }, { ...coldLogs, share: 0.08 * random() }]
}

function scaled(kind: CallKind, by: number): CallKind {
  return { ...kind, cpuMs: { ...kind.cpuMs, mean: kind.cpuMs.mean * by } }
}

function oneOf(values: readonly number[], random: Random): number {
  return values[Math.floor(random() * values.length)] ?? 0
}
