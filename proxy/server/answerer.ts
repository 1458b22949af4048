import type { Exchange } from '../exchange.ts'
import type { Answer } from '../rpc/answer.ts'
import type { Parsed } from '../rpc/call.ts'

/** What turns what a client said into an answer; never rejects. */
export type Answerer = (parsed: Parsed, exchange: Exchange) => Promise<Answer>
