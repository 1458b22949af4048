import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { ContractRow, FunctionRow } from '../contracts.ts'
import { type Cell, csvOf } from './csv.ts'
import { paramsOf, parsedQuery } from './query.ts'
import { send, sendJson } from './reply.ts'

/** What `GET /api/contracts` is made of. */
export type ContractSource = {
  /** The contracts, the one with most calls first. */
  rows(): readonly ContractRow[]
}

const query = z.strictObject({
  contract: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'want 0x and 40 hex digits')
    .optional(),
  format: z.enum(['json', 'csv']).default('json'),
})

/**
 * `GET /api/contracts`: calls, errors, gas and response times by contract and function, as JSON or as
 * CSV with a line for each function.
 * @throws AdminError 400 that names what is wrong with which parameter
 */
export function answerContracts(
  source: ContractSource,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { contract, format } = parsedQuery(query, paramsOf(request))
  const asked = contract?.toLowerCase()
  const rows = source.rows().filter((row) => asked === undefined || row.contract === asked)
  if (format === 'json') {
    sendJson(response, 200, { contracts: rows })
    return
  }
  response.setHeader('content-disposition', 'attachment; filename="contracts.csv"')
  send(response, 200, 'text/csv; charset=utf-8', contractsCsv(rows))
}

/** What a line says of its function, after the contract and its name. */
const columns: readonly (readonly [name: string, cellOf: (row: FunctionRow) => Cell])[] = [
  ['selector', (row) => row.selector],
  ['signature', (row) => row.signature],
  ['calls', (row) => row.calls],
  ['transactions', (row) => row.transactions],
  ['errors', (row) => row.errors],
  ['reverted', (row) => row.reverted],
  ['gasUsed', (row) => row.gasUsed],
  ['gasKnown', (row) => row.gasKnown],
  ['responseMinMs', (row) => row.responseMs?.min ?? null],
  ['responseMeanMs', (row) => row.responseMs?.mean ?? null],
  ['responseMaxMs', (row) => row.responseMs?.max ?? null],
  ['lastAt', (row) => row.lastAt],
]

/** Every function on a line of its own. */
export function contractsCsv(rows: readonly ContractRow[]): string {
  const lines = rows.flatMap(({ contract, name, functions }) =>
    functions.map((row) => [contract, name, ...columns.map(([, cellOf]) => cellOf(row))]),
  )
  return csvOf(['contract', 'name', ...columns.map(([column]) => column)], lines)
}
