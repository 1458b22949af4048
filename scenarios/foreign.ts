import type { Use } from './measure/counters.ts'

/**
 * What the machine did besides nodes, proxy, agent, generator and this program, and what its host kept
 * from it, in cores; null when a part is not known.
 */
export function foreignCores(use: Use | null, generatorCores: number): number | null {
  if (use === null) return null
  let own = generatorCores + use.ownCpuCores
  for (const cores of [use.proxyCpuCores, ...use.nodes.map((node) => node.cpuCores)]) {
    if (cores === null) return null
    own += cores
  }
  return Math.max(0, use.machineCpuCores - own) + use.stolenCpuCores
}
