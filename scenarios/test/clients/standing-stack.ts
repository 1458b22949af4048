import { type Stack, startStack } from '../../stack.ts'
import { clients } from '../../stack-fleet.ts'

/** What the nodes are in this run: `EQUIPOISE_NODES`, or Anvil. */
export const nodesAre = clients.find((name) => name === process.env['EQUIPOISE_NODES']) ?? 'anvil'

type NodeState = { readonly health: string; readonly head: number | null }

/** A stack for one test file: some nodes, quick blocks, free ports, everything by its own bin. */
export async function standingStack(): Promise<Stack> {
  return await startStack({
    client: nodesAre,
    nodes: nodesAre === 'anvil' ? 3 : 2,
    blockTimeMs: 800,
    cpus: [],
    strategy: 'round-robin', // Every client's calls go to every node.
    httpPort: 0,
    adminPort: 0,
    agentPort: 0,
    contracts: false,
    onEvent: () => {},
  })
}

/**
 * Resolves when every node is up and has block `number`: reads may go to a node that is a block behind, which
 * is promised to be so until reads follow what a client has seen.
 */
export async function everyNodeAt(stack: Stack, number: bigint | number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const response = await fetch(`${stack.adminUrl}/api/fleet`)
    const { nodes } = (await response.json()) as { nodes: NodeState[] }
    if (nodes.every((node) => node.health === 'up' && (node.head ?? -1) >= Number(number))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`not every node reached block ${number}`)
}
