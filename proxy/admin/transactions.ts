import { z } from 'zod'
import { type Entry, type EntryState, entryStates } from '../writes/entry.ts'
import { csvOf } from './csv.ts'
import { parsedQuery } from './query.ts'

/** One accepted transaction as `GET /api/transactions` shows it. */
export type TransactionRow = {
  readonly hash: string
  readonly sender: string
  /** Decimal digits: it may be above 2⁵³. */
  readonly nonce: string
  /** Null for one that creates a contract. */
  readonly to: string | null
  readonly state: EntryState
  readonly block: number | null
  /** When it was accepted, ISO 8601. */
  readonly acceptedAt: string
  readonly node: string
  /** Times it was offered to the fleet again. */
  readonly offers: number
  readonly reason: string | null
}

/** `GET /api/transactions`: newest first, a page at a time. */
export type TransactionsPage = {
  readonly total: number
  readonly pending: number
  readonly transactions: readonly TransactionRow[]
  /** `before` of the next page; null on the last. */
  readonly next: string | null
}

/** What the page is made of: the journal. */
export type TransactionSource = {
  readonly size: number
  readonly pendingCount: number
  entries(): Iterable<Entry>
}

/** Rows of one page at most; a download has as many too, and goes on by `before`. */
export const maxRows = 10_000

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'want 0x and 40 hex digits')
const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'want 0x and 64 hex digits')

const query = z.strictObject({
  state: z.enum(entryStates).optional(),
  sender: address.optional(),
  to: address.optional(),
  before: hash.optional(),
  limit: z.coerce.number().int().min(1).max(maxRows).default(100),
  format: z.enum(['json', 'csv']).default('json'),
})

export type TransactionQuery = z.infer<typeof query>

/** @throws AdminError 400 that names what is wrong with which parameter */
export function parseTransactionQuery(params: URLSearchParams): TransactionQuery {
  return parsedQuery(query, params)
}

/** The newest transactions that the query asks for. */
export function transactionsPage(
  source: TransactionSource,
  { state, sender, to, before, limit }: TransactionQuery,
): TransactionsPage {
  const found: Entry[] = []
  for (const entry of source.entries()) {
    if (entry.hash === before?.toLowerCase()) break
    if (state !== undefined && entry.state !== state) continue
    if (sender !== undefined && entry.sender !== sender.toLowerCase()) continue
    if (to !== undefined && entry.to !== to.toLowerCase()) continue
    found.push(entry)
  }
  const shown = found.slice(-limit).reverse()
  return {
    total: source.size,
    pending: source.pendingCount,
    transactions: shown.map(rowOf),
    next: found.length > limit ? (shown.at(-1)?.hash ?? null) : null,
  }
}

const columns = [
  'hash',
  'sender',
  'nonce',
  'to',
  'state',
  'block',
  'acceptedAt',
  'node',
  'offers',
  'reason',
] as const satisfies readonly (keyof TransactionRow)[]

/** The rows as RFC 4180 has it, with a line of names first. */
export function transactionsCsv(rows: readonly TransactionRow[]): string {
  return csvOf(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  )
}

function rowOf(entry: Entry): TransactionRow {
  return {
    hash: entry.hash,
    sender: entry.sender,
    nonce: String(entry.nonce),
    to: entry.to,
    state: entry.state,
    block: entry.block?.number ?? null,
    acceptedAt: new Date(entry.acceptedMs).toISOString(),
    node: entry.node,
    offers: entry.offers,
    reason: entry.reason,
  }
}
