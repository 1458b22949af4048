import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LoggedBlock } from '../writes/block-log.ts'
import { paramsOf } from './query.ts'
import { send, sendJson } from './reply.ts'
import {
  parseTransactionQuery,
  type TransactionSource,
  transactionsCsv,
  transactionsPage,
} from './transactions.ts'

/** What was written through the proxy, and the blocks that were served. */
export type Ledger = {
  readonly journal: TransactionSource
  readonly blocks: {
    /** Newest last. */
    readonly blocks: readonly LoggedBlock[]
    /** Times another branch was taken up. */
    readonly reorganisations: number
  }
}

/** `GET /api/transactions`: a page of the journal as JSON, or as CSV to be saved. */
export function answerTransactions(
  { journal }: Ledger,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const query = parseTransactionQuery(paramsOf(request))
  const page = transactionsPage(journal, query)
  if (query.format === 'json') {
    sendJson(response, 200, page)
    return
  }
  response.setHeader('content-disposition', 'attachment; filename="transactions.csv"')
  send(response, 200, 'text/csv; charset=utf-8', transactionsCsv(page.transactions))
}

/** `GET /api/blocks`: the block log, newest first. */
export function answerBlocks({ blocks: log }: Ledger, response: ServerResponse): void {
  const { blocks, reorganisations } = log
  sendJson(response, 200, { reorganisations, blocks: [...blocks].reverse() })
}
