import { randomBytes } from 'node:crypto'

/**
 * A new id of a subscription or a filter, as Geth's: 128 random bits as a quantity, without leading
 * zeros (go-ethereum/rpc/subscription.go, NewID).
 */
export function newStreamId(): string {
  return `0x${randomBytes(16)
    .toString('hex')
    .replace(/^0+(?=.)/, '')}`
}
