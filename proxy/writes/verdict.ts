import type { NodeError } from '../rpc/node-error.ts'

/**
 * What a node's answer to a raw transaction says: `known` that it has it already, `spent` that the
 * nonce is used (by this very transaction, perhaps), `final` that this transaction will never do,
 * `for-now` that it will not do now.
 */
export type Refusal = 'known' | 'spent' | 'final' | 'for-now'

/** Geth, Reth and Erigon; Anvil; Nethermind; Besu; Erigon's pool. */
const known =
  /^already known$|^transaction already imported$|^alreadyknown|^known transaction|^already_exists|already known/i

/** Geth, Reth, Anvil and Erigon; Nethermind; Besu. */
const spent = /^nonce too low|^oldnonce|^nonce_too_low|^nonce below/i

/**
 * Words about the bytes themselves, or about what no later block changes: Geth's txpool and
 * core/types errors. Nodes that are not Geth are asked again for a while where their words differ.
 */
const final =
  /^invalid sender|^invalid chain id|^only replay-protected|^intrinsic gas too low|^transaction type not supported|^rlp:|^typed transaction too short|^oversized data|^exceeds block gas limit|^max initcode size|^negative value|^max priority fee per gas higher|^tx fee \(/i

/** Sorts the error that a node answered `eth_sendRawTransaction` with. */
export function refusalOf({ message }: NodeError): Refusal {
  if (known.test(message)) return 'known'
  if (spent.test(message)) return 'spent'
  return final.test(message) ? 'final' : 'for-now'
}
