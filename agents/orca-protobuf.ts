import type { OrcaReport } from './orca-report.ts'

/** Fields by their numbers in the definition; 3 (`rps`) is deprecated, and not written. */
const fields = [
  ['cpu_utilization', 1],
  ['mem_utilization', 2],
  ['request_cost', 4],
  ['utilization', 5],
  ['rps_fractional', 6],
  ['eps', 7],
  ['named_metrics', 8],
  ['application_utilization', 9],
] as const satisfies readonly (readonly [keyof OrcaReport, number])[]

/** Wire types of https://protobuf.dev/programming-guides/encoding. */
const fixed64 = 1
const lengthDelimited = 2

/**
 * The report as a serialised `OrcaLoadReport`: five numbers and three maps, which are messages of a
 * key 1 and a value 2. Written by hand, because a library for that is larger than the agent.
 */
export function orcaBytes(report: OrcaReport): Buffer {
  const parts: Buffer[] = []
  for (const [name, field] of fields) {
    const value = report[name]
    if (typeof value === 'number') parts.push(double(field, value))
    else {
      for (const [key, inner] of Object.entries(value ?? {})) {
        const entry = [delimited(1, Buffer.from(key)), double(2, inner)]
        parts.push(delimited(field, Buffer.concat(entry)))
      }
    }
  }
  return Buffer.concat(parts)
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = (field << 3) | fixed64
  bytes.writeDoubleLE(value, 1)
  return bytes
}

function delimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of((field << 3) | lengthDelimited), varint(content.length), content])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
