import { field } from './node-rpc.ts'

/** What the replicator needs of a block. */
export type Block = {
  readonly number: number
  readonly hash: string
  /** Seconds since 1970. */
  readonly timestampS: number
  /** Wei, as the node wrote it. */
  readonly baseFee: string
  /** Hashes, in the block's order. */
  readonly transactions: readonly string[]
}

/** A block with all that another node needs to make the same one. */
export type SealedBlock = Block & {
  /** Timestamp of its parent, seconds since 1970. */
  readonly parentTimestampS: number
  /** The signed transactions, in the block's order. */
  readonly raws: readonly string[]
}

/** @throws TypeError for what is no block, `null` among them */
export function parseBlock(value: unknown): Block {
  const transactions = field(value, 'transactions')
  if (!Array.isArray(transactions)) throw new TypeError('a node gave no block')
  return {
    number: quantity(field(value, 'number')),
    hash: text(field(value, 'hash')),
    timestampS: quantity(field(value, 'timestamp')),
    baseFee: text(field(value, 'baseFeePerGas')),
    transactions: transactions.map(text),
  }
}

/** @throws TypeError for what is no hexadecimal quantity */
export function quantity(value: unknown): number {
  const number = typeof value === 'string' && value.startsWith('0x') ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new TypeError(`a node gave ${value}, not a quantity`)
  return number
}

/** @throws TypeError for what is no text */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`a node gave ${value}, not a text`)
  return value
}

export function hex(number: number): string {
  return `0x${number.toString(16)}`
}
