import type { Message } from './call.ts'
import { code, skipSpace, skipString, skipValue } from './json.ts'
import { stateMethods } from './methods/state.ts'
import { methods } from './methods.ts'
import type { NodeError } from './node-error.ts'
import { eachMember } from './reply.ts'

/** How a family words an error: its code, and what its message matches. */
type Wording = { readonly code: number; readonly text: RegExp }

type FamilyRow = {
  /** What stands before the first `/` of its `web3_clientVersion`, in lower case. */
  readonly name: string
  /** It has no such method, or does not serve it. */
  readonly noMethod: readonly Wording[]
  /** It does not have the block that is asked about. */
  readonly noBlock: readonly Wording[]
}

const methodNotFound: Wording = { code: -32601, text: /^Method not found$/ }

/** Clients that are not Geth, nor speak with all of Geth's words: where their words differ. */
const families = {
  // crates/anvil/src/eth/error.rs; asked of 1.7.1.
  anvil: {
    name: 'anvil',
    noMethod: [methodNotFound],
    noBlock: [
      {
        code: -32602,
        text: /^BlockOutOfRangeError: block height is \d+ but requested was \d+$/,
      },
      { code: -32001, text: /^Resource not found$/ },
    ],
  },
  // ethereum/api/.../internal/response/RpcErrorType.java
  besu: {
    name: 'besu',
    noMethod: [methodNotFound, { code: -32604, text: /^Method not enabled$/ }],
    noBlock: [{ code: -32000, text: /^Block not found$/ }],
  },
  // rpc/errors.go (its unknown method is Geth's), rpc/rpchelper/helper.go
  erigon: {
    name: 'erigon',
    noMethod: [],
    noBlock: [
      { code: -32000, text: /^block [0-9a-f]{64} not found$/ },
      { code: -32000, text: /^block \d+ is not executed \(last executed: \d+\)$/ },
    ],
  },
  // Asked of 2.29.1.
  hardhat: {
    name: 'hardhatnetwork',
    noMethod: [{ code: -32004, text: /^Method \S+ is not supported$/ }],
    noBlock: [
      { code: -32000, text: /^Received invalid block tag \w+\. Latest block number is \d+$/ },
    ],
  },
  // JsonRpcService.cs, and before 2026 as its issue #12165 has it; Modules/BlockFinderExtensions.cs,
  // and before 2026 as issues #11173 and #11205 have it.
  nethermind: {
    name: 'nethermind',
    noMethod: [
      { code: -32601, text: /^(The method '\S+'|Method \S+) is not supported\.?$/ },
      { code: -32600, text: /^The method '\S+' is found (but the|in) namespace / },
    ],
    noBlock: [
      { code: -32001, text: /^header not found$|^\w+ could not be found$/ },
      { code: -32000, text: /^header not found$|^\w+ could not be found$/ },
    ],
  },
  // jsonrpsee's own words; crates/rpc/rpc-eth-types/src/error/mod.rs
  reth: {
    name: 'reth',
    noMethod: [methodNotFound],
    noBlock: [{ code: -32001, text: /^block not found: / }],
  },
} as const satisfies Record<string, FamilyRow>

export type Family = keyof typeof families

/** Families whose chain its developer makes, and takes back, at will. */
export const developmentFamilies: ReadonlySet<Family | null> = new Set(['anvil', 'hardhat'])

const byName = new Map<string, Family>(
  Object.entries(families).map(([family, { name }]) => [name, family as Family]),
)

/** The family that a `web3_clientVersion` tells, or null for Geth and clients not known here. */
export function familyOf(clientVersion: string): Family | null {
  const [name = ''] = clientVersion.split('/', 1)
  return byName.get(name.toLowerCase()) ?? null
}

/**
 * What Geth says where a node of `family` says `error` to `message`: to a method it does not have,
 * and about a block it does not have. Null for all else, which is passed on as it is.
 */
export function inGethWords(
  family: Family,
  message: Message,
  { code: number, message: text }: NodeError,
): NodeError | null {
  const { method } = message
  const says = ({ code, text: pattern }: Wording): boolean => code === number && pattern.test(text)
  const { noMethod, noBlock }: FamilyRow = families[family]
  if (noMethod.some(says)) {
    return { code: -32601, message: `the method ${method} does not exist/is not available` }
  }
  const isAtOneBlock = stateMethods.has(method)
  if ((!isAtOneBlock && method !== 'eth_getLogs') || !noBlock.some(says)) return null
  const byHash = isByHash(message)
  if (isAtOneBlock) {
    return { code: -32000, message: byHash ? 'header for hash not found' : 'header not found' }
  }
  return byHash
    ? { code: -32000, message: 'unknown block' }
    : { code: -32602, message: 'block range extends beyond current head block' }
}

/** `"0x`, 64 digits and `"`. */
const hashLength = 68

/** Whether a call gives its block by hash. Of the params, only the block is looked at. */
function isByHash({ body, method, paramsStart, paramsEnd }: Message): boolean {
  const place = methods.get(method)?.block ?? null
  if (place === null || paramsStart < 0) return false
  // `at` is what stands before a param, from `[` on a comma.
  let at = paramsStart
  for (let i = place === 'filter' ? 0 : place; i > 0; i--) {
    const end = skipValue(body, at + 1, paramsEnd)
    at = end < 0 ? paramsEnd : skipSpace(body, end, paramsEnd)
    if (body[at] !== code.comma) return false
  }
  const start = skipSpace(body, at + 1, paramsEnd)
  if (body[start] === code.quote) return skipString(body, start, paramsEnd) - start === hashLength
  const end = skipValue(body, start, paramsEnd)
  let hasHash = false
  eachMember(body, start, end, (key, from) => {
    if (key === 'blockHash' && body[from] === code.quote) hasHash = true
  })
  return hasHash
}
