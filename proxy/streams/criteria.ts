import { numberOf } from '../upstream/block.ts'
import type { Log } from './log.ts'

/** Which logs a client wants. */
export type Criteria = {
  /** First and last height, or null where there is no bound. */
  readonly fromBlock: number | null
  readonly toBlock: number | null
  /** In lower case; null for all. */
  readonly addresses: ReadonlySet<string> | null
  /** By position; null for any topic there. A log with fewer topics does not match. */
  readonly topics: readonly (ReadonlySet<string> | null)[]
  /** Whether it begins at a height, which a node may have pruned. */
  readonly startsAtHeight: boolean
}

/** Geth's bounds (go-ethereum/eth/filters/api.go, maxTopics; ethconfig, LogQueryLimit). */
const maxTopics = 4
const maxChoices = 1_000

/**
 * Reads criteria as Geth does (go-ethereum/eth/filters/api.go, FilterCriteria.UnmarshalJSON, and
 * filter_system.go, SubscribeLogs), or null where they are not plainly right: then a node must say
 * what is wrong with them, in its own words.
 * @param text JSON of the criteria
 */
export function parseCriteria(text: string): Criteria | null {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // Go matches keys in any case, and the last of equal keys counts.
  const members = new Map(Object.entries(value).map(([key, member]) => [key.toLowerCase(), member]))
  const range = rangeOf(
    members.get('fromblock') ?? null,
    members.get('toblock') ?? null,
    members.get('blockhash') ?? null,
  )
  const addresses = addressesOf(members.get('address') ?? null)
  const topics = topicsOf(members.get('topics') ?? null)
  return range === null || addresses === undefined || topics === null
    ? null
    : { ...range, addresses, topics }
}

/** Whether the log, which stands in a block of height `number`, is wanted (filter.go, filterLogs). */
export function matches(criteria: Criteria, { address, topics }: Log, number: number): boolean {
  const { fromBlock, toBlock, addresses } = criteria
  if (fromBlock !== null && fromBlock > number) return false
  if (toBlock !== null && toBlock < number) return false
  if (addresses !== null && !addresses.has(address)) return false
  if (criteria.topics.length > topics.length) return false
  return criteria.topics.every((wanted, i) => wanted === null || wanted.has(topics[i] ?? ''))
}

function rangeOf(from: unknown, to: unknown, hash: unknown) {
  const all = { fromBlock: null, toBlock: null, startsAtHeight: false }
  // A block's hash says what `eth_getFilterLogs` looks at; what is new is not bound by it.
  if (hash !== null) return isHex(hash, 64) && from === null && to === null ? all : null
  const fromBlock = from === 'earliest' ? 0 : numberOf(from)
  const toBlock = numberOf(to)
  const isToLatest = to === null || to === 'latest'
  if (from === null || from === 'latest') return isToLatest ? all : null
  if (fromBlock === null || !(isToLatest || (toBlock !== null && toBlock >= fromBlock))) return null
  if (!isPlainQuantity(from) || !isPlainQuantity(to)) return null
  return { fromBlock, toBlock, startsAtHeight: true }
}

/** Leading zeros are an error in Geth; what is no number is looked at elsewhere. */
function isPlainQuantity(value: unknown): boolean {
  return typeof value !== 'string' || !/^0x0./i.test(value)
}

/** Undefined where they are none. */
function addressesOf(value: unknown): ReadonlySet<string> | null | undefined {
  if (value === null) return null
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > maxChoices || !list.every((address) => isHex(address, 40))) return undefined
  return list.length === 0 ? null : new Set(list.map((address) => String(address).toLowerCase()))
}

function topicsOf(value: unknown): (ReadonlySet<string> | null)[] | null {
  if (value === null) return []
  if (!Array.isArray(value) || value.length > maxTopics) return null
  const topics: (ReadonlySet<string> | null)[] = []
  for (const place of value) {
    const choices: readonly unknown[] = Array.isArray(place) ? place : [place]
    if (choices.length > maxChoices) return null
    // What stands behind a null is not looked at: it means any topic.
    const isAny = choices.length === 0 || choices.includes(null)
    const named = choices.slice(0, choices.includes(null) ? choices.indexOf(null) : undefined)
    if (!named.every((topic) => isHex(topic, 64))) return null
    topics.push(isAny ? null : new Set(named.map((topic) => String(topic).toLowerCase())))
  }
  return topics
}

function isHex(value: unknown, digits: number): boolean {
  return typeof value === 'string' && value.length === digits + 2 && /^0x[0-9a-f]+$/i.test(value)
}
