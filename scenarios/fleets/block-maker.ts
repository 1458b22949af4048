import { type Block, parseBlock, type SealedBlock, text } from './block.ts'
import type { NodeRpc } from './node-rpc.ts'

/** Two nodes that should have made the same block did not. */
export class Divergence extends Error {
  override readonly name = 'Divergence'

  constructor(url: string, sealed: Block, made: Block) {
    super(
      `block ${sealed.number} was sealed as ${sealed.hash}, but the node at ${url} makes it ${made.hash}`,
    )
  }
}

/** A node whose head is not where the replicator left it. It has to be brought up to the head. */
export class OutOfStep extends Error {
  override readonly name = 'OutOfStep'
}

/**
 * Lets a node make block `number` of what its pool holds.
 * @throws OutOfStep when its head is another block afterwards; NodeRefusal, NodeSilence
 */
export async function mineBlock(rpc: NodeRpc, number: number, timestampS: number): Promise<Block> {
  await rpc.call('evm_mine', { timestamp: timestampS })
  const block = await blockAt(rpc, 'latest')
  if (block.number === number) return block
  throw new OutOfStep(`the node at ${rpc.url} is at block ${block.number} instead of ${number}`)
}

/**
 * Replaces a node's head by a block of the same number, base fee and time as `like`, made of exactly
 * the given transactions (but for those that are not valid any more), whatever its pool holds.
 *
 * `anvil_reorg` alone is not enough: it leaves the base fee where the replaced block had put it,
 * and takes as timestamp that of the parent plus the interval.
 * @throws OutOfStep, NodeRefusal, NodeSilence
 */
export async function remakeHead(
  rpc: NodeRpc,
  like: SealedBlock,
  raws: readonly string[],
): Promise<Block> {
  await rpc.call('anvil_setNextBlockBaseFeePerGas', like.baseFee)
  await rpc.call('anvil_setBlockTimestampInterval', like.timestampS - like.parentTimestampS)
  try {
    await rpc.call(
      'anvil_reorg',
      1,
      raws.map((raw) => [raw, 0]),
    )
  } finally {
    await rpc.call('anvil_removeBlockTimestampInterval')
  }
  const block = await blockAt(rpc, 'latest')
  if (block.number !== like.number) throw new OutOfStep(`the node at ${rpc.url} moved by itself`)
  return block
}

/** Replaces a node's head by the sealed block of the same number. @throws Divergence */
export async function replaceHead(rpc: NodeRpc, block: SealedBlock): Promise<void> {
  const made = await remakeHead(rpc, block, block.raws)
  if (made.hash !== block.hash) throw new Divergence(rpc.url, block, made)
}

/** @param position a number in hexadecimal or `latest` */
export async function blockAt(rpc: NodeRpc, position: string): Promise<Block> {
  return parseBlock(await rpc.call('eth_getBlockByNumber', position, false))
}

/** Transactions that a node has in its pool or its chain, signed. @throws TypeError for any other */
export async function signedTransactions(
  rpc: NodeRpc,
  hashes: readonly string[],
): Promise<readonly string[]> {
  const raws: string[] = []
  for (let from = 0; from < hashes.length; from += batchSize) {
    const batch = hashes.slice(from, from + batchSize)
    const answers = await rpc.batch(batch.map((hash) => ['eth_getRawTransactionByHash', hash]))
    raws.push(...answers.map(text))
  }
  return raws
}

/** Calls in one request to a node. */
export const batchSize = 50
