import { type NestedUint8Array, RLP } from '@ethereumjs/rlp'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** What a signed transaction says of itself. Addresses and hashes are lower-case hex with `0x`. */
export class Transaction {
  readonly hash: string
  readonly nonce: bigint
  /** Null for one that creates a contract. */
  readonly to: string | null
  /** Contract and function that it calls, `0x` and 48 digits; null where it calls none. */
  readonly callee: string | null
  readonly #message: Uint8Array
  readonly #signature: Signature
  #sender: string | null | undefined = undefined

  constructor(
    hash: Uint8Array,
    fields: Fields,
    layout: Layout,
    signed: Uint8Array,
    recovery: number,
  ) {
    const to = fields[layout.to]
    this.hash = hexOf(hash)
    this.nonce = integer(fields[layout.nonce])
    this.to = to instanceof Uint8Array && to.length === 20 ? hexOf(to) : null
    this.callee = this.to === null ? null : calleeOf(this.to, fields[layout.to + 2])
    this.#message = signed
    this.#signature = { r: integer(fields.at(-2)), s: integer(fields.at(-1)), recovery }
  }

  /**
   * Who signed it, or null where nobody can have. Found when first asked for: it costs 1 to 2.5 ms,
   * a hundred times the rest (2026-11-21, @noble/curves 2.4), and need not be known before the
   * transaction is sent.
   */
  get sender(): string | null {
    if (this.#sender === undefined) this.#sender = recovered(this.#signature, this.#message)
    return this.#sender
  }

  /** Address of the contract that it creates, or null where it creates none. Needs the sender. */
  get created(): string | null {
    const { to, sender, nonce } = this
    if (to !== null || sender === null) return null
    const made = keccak_256(RLP.encode([sender, nonce]))
    // Yellow Paper, section 7: the last 20 bytes.
    return hexOf(made.subarray(12))
  }
}

type Signature = { readonly r: bigint; readonly s: bigint; readonly recovery: number }

type Fields = readonly (Uint8Array | NestedUint8Array)[]

/** Where the fields of one type of transaction stand. The signature is always the last three. */
type Layout = { readonly fields: number; readonly nonce: number; readonly to: number }

/** By type byte: EIP-2930, EIP-1559, EIP-4844, EIP-7702. */
const typed: readonly (Layout | null)[] = [
  null,
  { fields: 11, nonce: 1, to: 4 },
  { fields: 12, nonce: 1, to: 5 },
  { fields: 14, nonce: 1, to: 5 },
  { fields: 13, nonce: 1, to: 5 },
]
const legacy: Layout = { fields: 9, nonce: 0, to: 3 }

/** Bytes: a blob transaction of six blobs with its sidecar is 0.8 MB; Geth's pool takes 1 MB. */
const maxBytes = 1_200_000

/**
 * Reads a raw transaction. Null for bytes that are none, or of a type unknown here: then only a node
 * can say what is wrong with them.
 * @see EIP-2718 for typed envelopes, EIP-155 for `v`, EIP-4844 for the form with blobs
 */
export function parseTransaction(raw: Uint8Array): Transaction | null {
  const [first] = raw
  if (first === undefined || raw.length > maxBytes) return null
  try {
    return first >= 0xc0 ? parseLegacy(raw) : parseTyped(raw, first)
  } catch {
    // The RLP reader and the curve throw for bytes that are no transaction: that is the answer.
    return null
  }
}

function parseLegacy(raw: Uint8Array): Transaction | null {
  const fields = listOf(RLP.decode(raw))
  if (fields === null || fields.length !== legacy.fields) return null
  const v = integer(fields[6])
  const unsigned = fields.slice(0, 6)
  if (v === 27n || v === 28n) {
    const message = RLP.encode([...unsigned])
    return new Transaction(keccak_256(raw), fields, legacy, message, Number(v - 27n))
  }
  if (v < 35n) return null
  const chainId = bytesOf((v - 35n) / 2n)
  const message = RLP.encode([...unsigned, chainId, new Uint8Array(), new Uint8Array()])
  return new Transaction(keccak_256(raw), fields, legacy, message, Number((v - 35n) % 2n))
}

function parseTyped(raw: Uint8Array, type: number): Transaction | null {
  const layout = typed[type]
  if (layout === undefined || layout === null) return null
  const outer = listOf(RLP.decode(raw.subarray(1)))
  if (outer === null) return null
  // With its blobs, the transaction itself is the first member of the list.
  const inner = type === 3 ? listOf(outer[0]) : null
  const fields = inner ?? outer
  if (fields.length !== layout.fields) return null
  const hash = keccak_256(inner === null ? raw : envelope(type, fields))
  const message = envelope(type, fields.slice(0, -3))
  return new Transaction(hash, fields, layout, message, Number(integer(fields.at(-3))))
}

/** @param input what stands behind receiver and value in every type */
function calleeOf(to: string, input: Fields[number] | undefined): string | null {
  if (!(input instanceof Uint8Array) || input.length < 4) return null
  return to + hexOf(input.subarray(0, 4)).slice(2)
}

function recovered({ r, s, recovery }: Signature, message: Uint8Array): string | null {
  try {
    const signature = new secp256k1.Signature(r, s, recovery)
    const point = signature.recoverPublicKey(keccak_256(message)).toBytes(false)
    // The address is the last 20 bytes of the hash of the point without its 0x04.
    return hexOf(keccak_256(point.subarray(1)).subarray(12))
  } catch {
    // The curve has no such point: nobody can have signed this.
    return null
  }
}

function envelope(type: number, fields: Fields): Uint8Array {
  const body = RLP.encode([...fields])
  const bytes = new Uint8Array(1 + body.length)
  bytes[0] = type
  bytes.set(body, 1)
  return bytes
}

function listOf(decoded: Uint8Array | NestedUint8Array | undefined): Fields | null {
  return Array.isArray(decoded) ? decoded : null
}

function integer(field: Fields[number] | undefined): bigint {
  if (!(field instanceof Uint8Array)) throw new RangeError('no number')
  return field.length === 0 ? 0n : BigInt(hexOf(field))
}

function bytesOf(value: bigint): Uint8Array {
  const hex = value.toString(16)
  return Uint8Array.from(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'))
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
