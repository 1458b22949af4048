import { crc32 } from 'node:zlib'

/** The journal's bytes are damaged in a way that no crash explains. The message says where. */
export class JournalDamage extends Error {
  override readonly name = 'JournalDamage'
}

/**
 * One record as one line: CRC-32 of the JSON in eight hex digits, a space, the JSON, a newline. Text,
 * so that an operator can read it with nothing but `cut -c10-`.
 */
export function encodeLine(record: object): string {
  const json = JSON.stringify(record)
  return `${checksum(json)} ${json}\n`
}

/**
 * The records of a journal's bytes, and how many of the bytes they fill. What a crash can leave
 * behind the last newline (a line cut short, zeros that the disk never wrote) is left out; the rest
 * must be whole, since a record that was promised to be kept cannot be skipped.
 * @throws JournalDamage with the number of the line
 */
export function decodeLines(bytes: Buffer): { records: unknown[]; goodBytes: number } {
  const records: unknown[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) break
    const record = decodeLine(bytes.toString('utf8', at, end))
    if (record === undefined) {
      if (isZero(bytes, at)) break
      throw new JournalDamage(`line ${records.length + 1} does not match its checksum`)
    }
    records.push(record)
    at = end + 1
  }
  // A last line that is whole but for its newline is a record all the same: it may be promised.
  const tail = bytes.toString('utf8', at)
  const last = decodeLine(tail)
  if (last !== undefined) records.push(last)
  // What is cut short is the beginning of a line; a line and something that is no newline is not.
  else if (decodeLine(tail.slice(0, -1)) !== undefined) {
    throw new JournalDamage(`line ${records.length + 1} does not end with a newline`)
  }
  return { records, goodBytes: last === undefined ? at : bytes.length }
}

function decodeLine(line: string): unknown {
  const json = line.slice(9)
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(json)) return undefined
  return JSON.parse(json)
}

function isZero(bytes: Buffer, from: number): boolean {
  return bytes.subarray(from).every((byte) => byte === 0)
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
