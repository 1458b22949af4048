import { createHash } from 'node:crypto'
import type Docker from 'dockerode'
import { labels, statusOf } from './daemon.ts'

/** A bridge network of one stack, with addresses that stay the same when a container is restarted. */
export type Network = {
  readonly name: string
  /** `10.213.N.0/24` */
  readonly subnet: string
  /** The address of the i-th node, from 0. */
  addressOf(i: number): string
}

const subnets = 256
/** The gateway has the first; some more are left to whoever joins for a look. */
const firstAddress = 10

/**
 * Makes the network of a stack. It has no way out: its containers talk with each other and with this
 * machine.
 * @throws Error when it is there already, or no subnet is free
 */
export async function createNetwork(docker: Docker, stack: string): Promise<Network> {
  const name = networkName(stack)
  // Stacks begin at different places, so that two that start at once rarely want the same.
  const first = createHash('sha256').update(stack).digest()[0] ?? 0
  for (let tries = 0; tries < subnets; tries += 1) {
    const prefix = `10.213.${(first + tries) % subnets}`
    const subnet = `${prefix}.0/24`
    try {
      await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        Internal: true,
        CheckDuplicate: true,
        Labels: { [labels.stack]: stack },
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
      })
      return { name, subnet, addressOf: (i) => `${prefix}.${firstAddress + i}` }
    } catch (error) {
      if (!(error instanceof Error && /overlap/i.test(error.message))) throw error
    }
  }
  throw new Error('no subnet of 10.213.0.0/16 is free for the fleet: docker network prune')
}

/** The name of a stack's network. */
export function networkName(stack: string): string {
  return `equipoise-${stack}`
}

/** Removes all networks of a stack, and says which. */
export async function removeNetworks(docker: Docker, stack: string): Promise<readonly string[]> {
  const found = await docker.listNetworks({ filters: { label: [`${labels.stack}=${stack}`] } })
  for (const { Id } of found) {
    try {
      await docker.getNetwork(Id).remove()
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
  }
  return found.map(({ Name }) => Name)
}
