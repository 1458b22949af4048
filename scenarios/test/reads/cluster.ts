/** A block of the chain that a cluster is led along. */
export type ChainBlock = {
  readonly number: number
  readonly hash: string
  /** Null for the block that the cluster began with. */
  readonly parent: ChainBlock | null
  /** How many transactions it holds. */
  readonly transactions: number
}

/**
 * Real nodes on one chain, of which each block and each place of a node is decided by the test. All
 * changes are made one after another, in the order in which they were asked for.
 */
export type Cluster = {
  readonly chainId: number
  readonly nodes: readonly { readonly id: string; readonly url: string }[]
  /** What one node that is never late has as its head, one after another. */
  readonly heads: readonly ChainBlock[]
  /** Makes one block of these signed transactions. Resolves when all nodes that follow have it. */
  seal(raws: readonly string[]): Promise<ChainBlock>
  /** Puts `depth` + 1 blocks in place of the last `depth`; what those held stays in the chain. */
  reorg(depth: number, raws: readonly string[]): Promise<ChainBlock>
  /** The logs of a block of the chain as it is now, as a node tells them that has it. */
  logs(block: ChainBlock): Promise<readonly unknown[]>
  /** From now on the node is `blocks` behind; 0: it follows, and resolves when it has the head. */
  trail(id: string, blocks: number): Promise<void>
  /** It stays where it is until {@link trail}. */
  hold(id: string): void
  /** Ends it as `kill -9` does. */
  kill(id: string): Promise<void>
  /** Starts it again. Resolves when it has the head. */
  restart(id: string): Promise<void>
  /** Its connections stay open, and it answers nothing. */
  freeze(id: string): void
  /** It goes on. Resolves when it has the head. */
  thaw(id: string): Promise<void>
  close(): Promise<void>
}

type Linked<Block> = {
  readonly number: number
  readonly hash: string
  readonly parent: Block | null
}

/** The highest block that both are upon, or are. @throws RangeError where there is none */
export function meeting<Block extends Linked<Block>>(one: Block, other: Block): Block {
  let [a, b] = [one, other]
  while (a.hash !== b.hash) {
    if (a.number >= b.number) a = parentOf(a)
    else b = parentOf(b)
  }
  return a
}

/** The blocks above `from` up to `to`, lowest first. */
export function pathTo<Block extends Linked<Block>>(from: Block, to: Block): readonly Block[] {
  const path: Block[] = []
  for (let block = to; block.hash !== from.hash; block = parentOf(block)) path.push(block)
  return path.reverse()
}

/** @throws RangeError below the block that a cluster began with */
export function parentOf<Block extends Linked<Block>>({ number, parent }: Block): Block {
  if (parent === null) throw new RangeError(`below block ${number} there is none`)
  return parent
}

/** @throws TypeError for what is no list */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`a node gave ${JSON.stringify(value)}, not a list`)
}
