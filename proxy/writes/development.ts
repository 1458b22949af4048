import { developmentFamilies } from '../rpc/families.ts'
import type { Fleet } from '../upstream/fleet.ts'

/** Why an entry is dropped whose block a developer took back. */
export const takenBack = 'the chain was taken back'

/**
 * Whether the fleet is one development node alone, whose chain its developer takes back at will
 * (`evm_revert`, `hardhat_reset`). What was sent there is then gone on purpose: it must not be offered
 * again, nor stand in the way of the same transaction sent anew.
 */
export function isDevelopment({ upstreams }: Fleet): boolean {
  const [first] = upstreams
  return upstreams.length === 1 && developmentFamilies.has(first?.family ?? null)
}
