import { stringAt } from '../rpc/call.ts'
import { code } from '../rpc/json.ts'
import { eachMember } from '../rpc/reply.ts'

/** Makes one telling of what all nodes tell. */
export type Merge = {
  /** What clients are told of it, or null where it is nothing new to them. */
  take(node: string, result: Buffer): Buffer | null
  /** A node has left the fleet. */
  forget(node: string): void
}

/** Hashes of transactions that were told; a pool of Geth holds some 6,000. */
const maxTold = 65_536

/** Transactions that enter the pool of any node, each told once. */
export class PoolMerge implements Merge {
  readonly #told = new Set<string>()

  take(_node: string, result: Buffer): Buffer | null {
    const hash = hashOf(result)
    // What names no transaction cannot be known again.
    if (hash === null) return result
    if (this.#told.has(hash)) return null
    this.#told.add(hash)
    if (this.#told.size > maxTold) {
      for (const oldest of this.#told) {
        this.#told.delete(oldest)
        break
      }
    }
    return result
  }

  /** What it told was told. */
  forget(): void {}
}

/** The hash itself, or that of a whole transaction. */
function hashOf(result: Buffer): string | null {
  if (result[0] === code.quote) return stringAt(result, 0, result.length).toLowerCase()
  let hash: string | null = null
  eachMember(result, 0, result.length, (key, start, end) => {
    if (key === 'hash' && result[start] === code.quote) hash = stringAt(result, start, end)
  })
  return (hash as string | null)?.toLowerCase() ?? null
}

const no = Buffer.from('false')

/**
 * Whether the fleet is syncing: while all nodes that ever told anything are, since calls go to the
 * others otherwise.
 */
export class SyncingMerge implements Merge {
  readonly #syncing = new Map<string, boolean>()
  readonly #nodes: () => number
  #isSyncing = false

  /** @param nodes how many nodes could take calls */
  constructor(nodes: () => number) {
    this.#nodes = nodes
  }

  take(node: string, result: Buffer): Buffer | null {
    const isOver = result.equals(no)
    this.#syncing.set(node, !isOver)
    const syncing = [...this.#syncing.values()].filter((is) => is).length
    const wasSyncing = this.#isSyncing
    this.#isSyncing = syncing >= Math.max(1, this.#nodes())
    if (this.#isSyncing) return isOver ? null : result
    return wasSyncing || (isOver && this.#nodes() <= 1) ? no : null
  }

  forget(node: string): void {
    this.#syncing.delete(node)
  }
}
