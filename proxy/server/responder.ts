import type { IncomingMessage, ServerResponse } from 'node:http'
import { type OrcaFormat, orcaFormatHeader, orcaFormatOf } from '../../agents/orca.ts'
import type { Clock } from '../clock.ts'
import { Exchange } from '../exchange.ts'
import { inWords } from '../explanation.ts'
import { parseCalls } from '../rpc/call.ts'
import type { Compat } from '../rpc/compat.ts'
import type { Answerer } from './answerer.ts'
import type { ClientSessions } from './client-sessions.ts'
import { sendFlow } from './outflow.ts'
import { send } from './outgoing.ts'

/** How loaded the proxy is, as header lines in the format that a client asks for. */
export type TellLoad = (format: OrcaFormat) => readonly string[]

const jsonType = 'application/json'
const newline = Buffer.from('\n')

/** What becomes of a body that is in: it is answered, and the answer sent as Geth would send it. */
export class Responder {
  readonly #answer: Answerer
  readonly #clock: Clock
  readonly #writeMs: number
  readonly #endsLines: boolean
  readonly #sessions: ClientSessions | null
  readonly #tellLoad: TellLoad | null
  /** Each connection ends with the answer that it waits for. */
  isClosing = false

  /** @param writeMs how long an answer may lie before its connection is cut off */
  constructor(
    answer: Answerer,
    clock: Clock,
    writeMs: number,
    { endsLines }: Compat,
    sessions: ClientSessions | null,
    tellLoad: TellLoad | null,
  ) {
    this.#sessions = sessions
    this.#tellLoad = tellLoad
    this.#answer = answer
    this.#clock = clock
    this.#writeMs = writeMs
    this.#endsLines = endsLines
  }

  /** @param cors headers of the answer */
  async respond(
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
    cors: readonly string[],
  ): Promise<void> {
    const wantsExplanation = request.headers['x-equipoise-explain'] === '1'
    const session = this.#sessions?.of(request) ?? null
    const exchange = new Exchange(this.#clock.nowMs(), wantsExplanation, null, session)
    exchange.takesFlow = request.httpVersionMinor === 1 && request.method !== 'HEAD'
    const cancel = (): void => exchange.cancellation.cancel()
    response.once('close', cancel)
    const answer = await this.#answer(parseCalls(body), exchange)
    const { flow } = exchange
    // Until the last byte of a flow has come, an end of the connection ends it.
    if (flow === null) response.off('close', cancel)
    if (response.destroyed) return
    const headers = ['Content-Type', jsonType, ...cors]
    if (exchange.explanation !== null) {
      const { node } = exchange.explanation
      headers.push('X-Equipoise-Node', node, 'X-Equipoise-Why', inWords(exchange.explanation))
    }
    const asked = request.headers[orcaFormatHeader]
    if (asked !== undefined) this.#addLoad(headers, asked)
    // Geth's compressor begins with the first byte: where there is none, there is no compression.
    const identity = exchange.identity || answer.length === 0
    const end = this.#endsLines && !identity ? newline : null
    const outgoing = {
      status: 200,
      headers,
      body: end === null || flow !== null ? answer : [...answer, end],
      identity,
      close: this.isClosing,
      isUncounted: end !== null,
    }
    if (flow === null) {
      const compressing = send(request, response, outgoing)
      if (compressing !== null) await compressing
    } else {
      sendFlow(request, response, outgoing, flow, end)
      await flow.ended.catch(() => {}) // The end of the connection told.
    }
    this.#limitTaking(response)
  }

  #addLoad(headers: string[], asked: string | string[]): void {
    const format = orcaFormatOf(asked)
    if (format !== null && this.#tellLoad !== null) headers.push(...this.#tellLoad(format))
  }

  /** Whoever leaves an answer lying is cut off, as by Go's write deadline. */
  #limitTaking(response: ServerResponse): void {
    const { socket } = response
    if (socket === null || socket.writableLength === 0) return
    const timer = setTimeout(() => socket.destroy(), this.#writeMs).unref()
    response.once('close', () => clearTimeout(timer))
  }
}
