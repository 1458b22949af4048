import type { IncomingMessage, ServerResponse } from 'node:http'
import { maxLineBytes } from '../upstream/collector.ts'
import { PushError, pushRefusals } from '../upstream/pushed-reports.ts'
import { AdminError, readJson, sendJson } from './reply.ts'

/** Where reports of agents go that cannot be reached. */
export type ReportSink = {
  /** The token that agents show; null where none is agreed on. @throws Error when it is not to be had */
  token(): string | null
  /** @throws PushError when nothing of the report could be taken */
  take(value: unknown): object
}

/** Takes one report and says what became of it. */
export async function takePushed(
  { take }: ReportSink,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const value = await readJson(request, maxLineBytes)
  try {
    sendJson(response, 200, take(value))
  } catch (error) {
    if (!(error instanceof PushError)) throw error
    throw new AdminError(pushRefusals[error.reason], error.message)
  }
}
