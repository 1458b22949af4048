import { type Block, hex, parseBlock, quantity } from './block.ts'
import { blockAt, signedTransactions } from './block-maker.ts'
import type { Member } from './member.ts'
import type { NodeRpc } from './node-rpc.ts'
import { Round } from './round.ts'

/** Blocks read from the source in one request. */
const readBlocks = 50
/** How far back the two chains may part. */
const maxRollback = 512

/**
 * Brings one node to the head of another: takes back its blocks that the other does not have, and
 * replays those it lacks, each with the same transactions in the same order at the same time.
 * @returns the head both have; the source may have moved on by then
 * @throws Divergence when a replayed block differs; OutOfStep, NodeRefusal, NodeSilence
 */
export async function catchUp(member: Member, source: NodeRpc): Promise<Block> {
  let parent = await takeBack(member, source)
  const head = quantity(await source.call('eth_blockNumber'))
  while (parent.number < head) {
    const last = Math.min(head, parent.number + readBlocks)
    for (const block of await readRange(source, parent.number + 1, last)) {
      const raws = await signedTransactions(source, block.transactions)
      await member.make(Round.of({ ...block, parentTimestampS: parent.timestampS, raws }))
      parent = block
    }
  }
  return parent
}

/** @returns the last block both have, the member's head from now on */
async function takeBack(member: Member, source: NodeRpc): Promise<Block> {
  const head = quantity(await member.rpc.call('eth_blockNumber'))
  const theirHead = quantity(await source.call('eth_blockNumber'))
  let above: Block | null = null
  for (let number = head; number >= Math.max(0, head - maxRollback); number -= 1) {
    const own = await blockAt(member.rpc, hex(number))
    const theirs = number <= theirHead ? await blockAt(source, hex(number)) : null
    if (own.hash === theirs?.hash) {
      if (above !== null) {
        member.corrected(above.number)
        await member.rpc.call('anvil_rollback', head - number)
        // Anvil leaves the base fee where the blocks taken back had put it.
        await member.rpc.call('anvil_setNextBlockBaseFeePerGas', above.baseFee)
      }
      return own
    }
    // What only this node has mined is in nobody's chain now, and goes back to the pools.
    const raws = await signedTransactions(member.rpc, own.transactions)
    for (const [i, hash] of own.transactions.entries()) member.pool.bring(hash, raws[i] ?? '')
    above = own
  }
  throw new Error(`${member.id} and the node at ${source.url} have no block in common`)
}

async function readRange(source: NodeRpc, first: number, last: number): Promise<readonly Block[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, i) => hex(first + i))
  const blocks = await source.batch(numbers.map((at) => ['eth_getBlockByNumber', at, false]))
  return blocks.map(parseBlock)
}
