import { capacityMetrics } from '../../agents/orca.ts'
import type { OrcaReport } from '../../agents/orca-report.ts'
import { type Capacity, type Dimension, dimensions, type NodeReport } from '../../agents/report.ts'
import { type OrcaEntry, orcaEntries } from './orca-protobuf.ts'

/** What a node says of its load with an answer, as it stands in the head of it. */
export type LoadHeaders = {
  /** `endpoint-load-metrics`: a format and the report in it. */
  readonly plain: string | null
  /** `endpoint-load-metrics-bin`, which wins over the other: the report in base64. */
  readonly binary: string | null
}

/** A longer one is refused unread; ours have 300 characters. */
const maxLength = 8_192

/** Above these nobody counts. */
const maxEntries = 256

const scalars = new Map<string, { readonly most: number }>([
  ['cpu_utilization', { most: Number.MAX_VALUE }],
  ['mem_utilization', { most: 1 }],
  ['application_utilization', { most: Number.MAX_VALUE }],
  ['rps_fractional', { most: Number.MAX_VALUE }],
  ['eps', { most: Number.MAX_VALUE }],
])

/** Maps, and the bounds of their values: the definition has some for `utilization` alone. */
const maps = new Map<string, { readonly least: number; readonly most: number }>([
  ['utilization', { least: 0, most: 1 }],
  ['named_metrics', { least: -Number.MAX_VALUE, most: Number.MAX_VALUE }],
  ['request_cost', { least: -Number.MAX_VALUE, most: Number.MAX_VALUE }],
])

/**
 * Reads a report, all of it or nothing, as Envoy does (source/common/orca/orca_parser.cc) with the
 * bounds of its definition: a name that is not known or there twice, a number that is none, is not
 * finite, is negative or above its bound, and the whole is refused.
 * @throws Error in words
 */
export function parseLoad({ plain, binary }: LoadHeaders): OrcaReport {
  const text = binary ?? plain ?? ''
  if (text.length > maxLength) throw new Error(`a load report above ${maxLength} characters`)
  if (binary !== null) return checked(orcaEntries(base64(binary)))
  const space = text.indexOf(' ')
  const format = space < 0 ? text : text.slice(0, space)
  const rest = space < 0 ? '' : text.slice(space + 1).trim()
  switch (format) {
    case 'TEXT':
      return checked(textEntries(rest))
    case 'JSON':
      return checked(jsonEntries(rest))
    case 'BIN':
      return checked(orcaEntries(base64(rest)))
    default:
      throw new Error(`an unknown format of load: ${JSON.stringify(format.slice(0, 20))}`)
  }
}

/**
 * The report as our own agents would have it: shares above 1 are full. What an agent alone can know
 * is left out.
 */
export function reportOfLoad(id: string, load: OrcaReport): NodeReport {
  const x: { [axis in Dimension]?: number } = {}
  for (const axis of dimensions) {
    const share = load.utilization?.[axis]
    if (share !== undefined) x[axis] = share
  }
  if (load.cpu_utilization !== undefined) x.cpu ??= Math.min(1, load.cpu_utilization)
  if (load.mem_utilization !== undefined) x.memory ??= load.mem_utilization
  const cap: { -readonly [limit in keyof Capacity]: number } = {}
  for (const [name, limit] of Object.entries(capacityMetrics)) {
    const value = load.named_metrics?.[name]
    if (value !== undefined && value > 0) cap[limit] = value
  }
  return { id, name: id, x, cap, raw: {}, src: 'orca', age: 0 }
}

function checked(entries: readonly OrcaEntry[]): OrcaReport {
  if (entries.length > maxEntries) throw new Error(`a load report above ${maxEntries} figures`)
  const seen = new Set<string>()
  const report: Record<string, number | Record<string, number>> = {}
  const inner = new Map<string, Record<string, number>>()
  for (const [name, key, value] of entries) {
    const path = key === null ? name : `${name}.${key}`
    const bounds = key === null ? scalars.get(name) : maps.get(name)
    if (bounds === undefined) throw new Error(`no figure of a load report: ${path.slice(0, 80)}`)
    if (key === '') throw new Error(`a figure of ${name} without a name`)
    if (seen.has(path)) throw new Error(`${path} is there twice`)
    seen.add(path)
    const least = 'least' in bounds ? Number(bounds.least) : 0
    // NaN is in no range.
    if (!(value >= least && value <= bounds.most)) {
      throw new Error(`${path} is out of range: ${value}`)
    }
    if (key === null) {
      report[name] = value
      continue
    }
    // Without a prototype, so that no name means anything else.
    const map = inner.get(name) ?? Object.create(null)
    map[key] = value
    report[name] = map
    inner.set(name, map)
  }
  return report
}

/** `cpu_utilization=0.31,utilization.cpu_pressure=0.08`; earlier versions have a colon for the `=`. */
function textEntries(text: string): OrcaEntry[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const [, path = '', digits = ''] = /^([^=:]*)[=:](.*)$/.exec(part) ?? []
      const value = decimal(digits.trim())
      if (path === '' || value === null) throw new Error(`no figure: ${part.slice(0, 80)}`)
      const dot = path.indexOf('.')
      return dot < 0
        ? [path.trim(), null, value]
        : [path.slice(0, dot).trim(), path.slice(dot + 1).trim(), value]
    })
}

function decimal(text: string): number | null {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i.test(text) ? Number(text) : null
}

/** The JSON of protobuf, which names fields in either of two ways. */
function jsonEntries(text: string): OrcaEntry[] {
  const value = object(JSON.parse(text), 'a load report')
  const entries = Object.entries(value).flatMap(([given, inner]): OrcaEntry[] => {
    const name = given.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (maps.has(name)) {
      return Object.entries(object(inner, given)).map(([key, figure]) => {
        return [name, key, number(figure, `${given}.${key}`)]
      })
    }
    // Deprecated; protobuf writes 64 bits as a text.
    if (name === 'rps' && /^\d{1,20}$/.test(String(inner))) return []
    return [[name, null, number(inner, given)]]
  })
  // JSON.parse keeps the last of two members of one name: then it has fewer than there are colons.
  const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
  if (colons !== membersOf(value)) throw new Error('a figure is there twice')
  return entries
}

function membersOf(value: object): number {
  return Object.values(value).reduce<number>(
    (sum, inner) => sum + 1 + (typeof inner === 'object' ? Object.keys(inner).length : 0),
    0,
  )
}

function object(value: unknown, what: string): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${what.slice(0, 80)} is no object`)
  }
  return value
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new Error(`${what.slice(0, 80)} is no number`)
  return value
}

function base64(text: string): Buffer {
  // gRPC leaves the padding out.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new Error('a load report that is no base64')
  return Buffer.from(text, 'base64')
}
