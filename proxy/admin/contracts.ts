import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { ContractRow, FunctionRow } from '../contracts.ts'
import { csvOf } from './csv.ts'
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

/** Every function on a line of its own. */
export function contractsCsv(rows: readonly ContractRow[]): string {
  const lines = rows.flatMap(({ contract, name, functions }) =>
    functions.map((row) => [contract, name, ...Object.values(cellsOf(row))]),
  )
  return csvOf(['contract', 'name', ...Object.keys(cellsOf(nothing))], lines)
}

function cellsOf(row: FunctionRow): Record<string, string | number | null> {
  const { selector, signature, calls, transactions, errors, reverted, gasUsed, gasKnown } = row
  const { min = null, mean = null, max = null } = row.responseMs ?? {}
  return {
    selector,
    signature,
    calls,
    transactions,
    errors,
    reverted,
    gasUsed,
    gasKnown,
    responseMinMs: min,
    responseMeanMs: mean,
    responseMaxMs: max,
    lastAt: row.lastAt,
  }
}

const nothing: FunctionRow = {
  selector: '',
  signature: null,
  calls: 0,
  transactions: 0,
  errors: 0,
  reverted: 0,
  gasUsed: 0,
  gasKnown: 0,
  responseMs: null,
  lastAt: null,
}
