import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { Session, type Sessions } from '../consistency/session.ts'

/**
 * Tells clients apart: by the header that the operator names, where a request has it, else by the
 * connection. A client behind many connections should send the header.
 */
export class ClientSessions {
  /** In lower case, or null where none is named. */
  readonly #header: string | null
  readonly #sessions: Sessions
  readonly #clock: Clock
  readonly #bySocket = new WeakMap<Socket, Session>()

  constructor(header: string | null, sessions: Sessions, clock: Clock) {
    this.#header = header === null ? null : header.toLowerCase()
    this.#sessions = sessions
    this.#clock = clock
  }

  of({ headers, socket }: IncomingMessage): Session {
    const name = this.#header === null ? undefined : headers[this.#header]
    const named = typeof name === 'string' ? this.#sessions.named(name, this.#clock.nowMs()) : null
    if (named !== null) return named
    const known = this.#bySocket.get(socket)
    if (known !== undefined) return known
    const session = new Session()
    this.#bySocket.set(socket, session)
    return session
  }
}
