import type { OrcaReport } from '../../agents/orca-report.ts'

/** Wire types of https://protobuf.dev/programming-guides/encoding. */
const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** Fields of xds/data/orca/v3/orca_load_report.proto by number. */
const numbers = new Map<number, keyof OrcaReport>([
  [1, 'cpu_utilization'],
  [2, 'mem_utilization'],
  [6, 'rps_fractional'],
  [7, 'eps'],
  [9, 'application_utilization'],
])
const maps = new Map<number, keyof OrcaReport>([
  [4, 'request_cost'],
  [5, 'utilization'],
  [8, 'named_metrics'],
])
/** `uint64 rps`, deprecated: read over. */
const rps = 3

/** Names and values of a report, in the order in which they came; maps as `name`, `key`, value. */
export type OrcaEntry = readonly [name: string, key: string | null, value: number]

/**
 * Reads a serialised `OrcaLoadReport`, unchecked but for its form. Fields that the definition does
 * not have are read over, as protobuf wants it: they are those of a later one.
 * @throws Error in words where the bytes are no message
 */
export function orcaEntries(bytes: Buffer): OrcaEntry[] {
  const entries: OrcaEntry[] = []
  const reader = new MessageReader(bytes)
  for (let field = reader.next(); field !== null; field = reader.next()) {
    const number = numbers.get(field.number)
    const map = maps.get(field.number)
    if (number !== undefined) entries.push([number, null, asDouble(field)])
    else if (map !== undefined) entries.push([map, ...entryOf(field)])
    else if (field.number === rps && field.type !== varint) throw new Error('rps of a wrong type')
  }
  return entries
}

/** An entry of a map: a message of key 1 and value 2, each with its default where it is absent. */
function entryOf({ type, bytes }: Field): readonly [key: string, value: number] {
  if (type !== lengthDelimited) throw new Error('a map of a wrong type')
  let key = ''
  let value = 0
  const reader = new MessageReader(bytes)
  for (let field = reader.next(); field !== null; field = reader.next()) {
    if (field.number === 2) value = asDouble(field)
    else if (field.number === 1) {
      if (field.type !== lengthDelimited) throw new Error('a key of a wrong type')
      key = new TextDecoder('utf-8', { fatal: true }).decode(field.bytes)
    }
  }
  return [key, value]
}

function asDouble({ type, bytes }: Field): number {
  if (type !== fixed64) throw new Error('a number of a wrong type')
  return bytes.readDoubleLE(0)
}

type Field = { readonly number: number; readonly type: number; readonly bytes: Buffer }

class MessageReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The next field, or null at the end. */
  next(): Field | null {
    if (this.#at === this.#bytes.length) return null
    const tag = this.#varint()
    const number = Math.floor(tag / 8)
    const type = tag % 8
    if (number === 0 || number > 0x1fffffff) throw new Error('a field without a number')
    return { number, type, bytes: this.#value(type) }
  }

  #value(type: number): Buffer {
    switch (type) {
      case varint: {
        const start = this.#at
        this.#varint()
        return this.#bytes.subarray(start, this.#at)
      }
      case fixed64:
        return this.#take(8)
      case lengthDelimited:
        return this.#take(this.#varint())
      case fixed32:
        return this.#take(4)
      default:
        throw new Error('an unknown wire type')
    }
  }

  #take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new Error('a message that is cut short')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** At most ten bytes; what is above 2⁵³ is not exact, and too large for everything here. */
  #varint(): number {
    let value = 0
    for (let i = 0; i < 10; i += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new Error('a message that is cut short')
      this.#at += 1
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    throw new Error('a number without an end')
  }
}
