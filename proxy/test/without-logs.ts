/**
 * Preloaded into a proxy by tests, so that they see what they would miss: of some blocks the first
 * answer is taken, though it comes from a node that has no logs of them.
 */
import { BlockReader } from '../streams/block-reader.ts'

const { logs } = BlockReader.prototype
BlockReader.prototype.logs = async function (block) {
  return block.number % 25 === 0 ? [] : await logs.call(this, block)
}
