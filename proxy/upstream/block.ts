/** What of a block tells where it stands. Hashes are lower case, `0x` and 64 digits. */
export type Block = {
  /** Height: an integer, not negative. */
  readonly number: number
  readonly hash: string
  readonly parentHash: string
}

/** The block in what a node says of one, whole or header; null where it is none. */
export function blockOf(value: unknown): Block | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('number' in value && 'hash' in value && 'parentHash' in value)) return null
  const number = numberOf(value.number)
  if (number === null || !isHash(value.hash) || !isHash(value.parentHash)) return null
  return { number, hash: value.hash.toLowerCase(), parentHash: value.parentHash.toLowerCase() }
}

/** The integer that a `0x` quantity stands for, or null where it is none below 2⁵³. */
export function numberOf(value: unknown): number | null {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,14}$/i.test(value)) return null
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : null
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value)
}
