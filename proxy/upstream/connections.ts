import type { Clock } from '../clock.ts'
import { type AnswerHandler, Connection, coded } from './connection.ts'

/** A request that waits for a connection. */
type Waiting = { readonly body: Buffer; readonly handler: AnswerHandler }

/** An idle connection is kept so long, unless the node says that it will not. Geth keeps its for 120 s. */
const idleMs = 60_000

/** A connection is left this long before the node said that it will end it. */
const marginMs = 1_000

/** Idle connections are looked at this often for what is due. */
const lookEveryMs = 5_000

/**
 * What one read brings at most, bytes: large answers come in few reads, and the memory is the same
 * for all connections, so it is warm.
 */
const readBytes = 131_072

/** The connections to one node: one request at a time on each, at most so many, the rest waits. */
export class Connections {
  readonly #url: URL
  readonly #head: string
  readonly #max: number
  readonly #clock: Clock
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #all = new Set<Connection>()
  /** The one that was used last is the last, and is used first: those not needed grow old. */
  #idle: Connection[] = []
  /** Of those that connect, for whom. */
  readonly #connecting = new Map<Connection, Waiting>()
  #waiting: Waiting[] = []
  readonly #timer: NodeJS.Timeout
  #isClosed = false
  #onEmpty: (() => void) | null = null

  /**
   * @param headers raw lines of every request, name and value in turn
   * @param max connections at a time, above zero
   */
  constructor(url: URL, headers: readonly string[], max: number, clock: Clock) {
    this.#url = url
    this.#max = max
    this.#clock = clock
    const lines = [`POST ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`]
    for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
    this.#head = [...lines, 'content-length: '].join('\r\n')
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  /**
   * Sends one request as soon as there is a connection for it.
   * @param isRepeatable whether it is no harm if a connection that the node is about to end takes it
   *   with it
   */
  dispatch(body: Buffer, isRepeatable: boolean, handler: AnswerHandler): void {
    const connection = this.#takeIdle()
    if (connection === null) this.#await({ body, handler })
    else if (isRepeatable) this.#send(connection, body, handler)
    else this.#sendChecked(connection, body, handler)
  }

  #send(connection: Connection, body: Buffer, handler: AnswerHandler): void {
    if (!connection.send(this.#head, body, handler)) this.#use(connection)
  }

  /**
   * A connection that lay idle may have ended without our having looked: what must not be lost is
   * sent when the loop has.
   */
  #sendChecked(connection: Connection, body: Buffer, handler: AnswerHandler): void {
    setImmediate(() => {
      if (connection.isFree) this.#send(connection, body, handler)
      else this.dispatch(body, false, handler)
    })
  }

  #takeIdle(): Connection | null {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined) return null
      if (!connection.isFree) continue
      const { keptForMs, idleSinceMs } = connection
      if (keptForMs === null) return connection
      if (this.#clock.nowMs() - idleSinceMs < keptForMs - marginMs) return connection
      connection.abort(coded('IDLE', 'idle for too long'))
    }
  }

  #await(waiting: Waiting): void {
    if (this.#isClosed) {
      waiting.handler.onResponseError(null, coded('CLOSED', 'no more calls are taken'))
    } else if (this.#all.size < this.#max) this.#connect(waiting)
    else this.#waiting.push(waiting)
  }

  #connect(waiting: Waiting): void {
    const connection = new Connection(
      this.#url,
      this.#buffer,
      (free) => this.#use(free),
      (gone) => this.#forget(gone),
    )
    this.#all.add(connection)
    this.#connecting.set(connection, waiting)
  }

  #use(connection: Connection): void {
    let next = this.#connecting.get(connection) ?? this.#waiting.shift()
    this.#connecting.delete(connection)
    // Those that were given up while they waited take none.
    for (; next !== undefined; next = this.#waiting.shift()) {
      if (connection.send(this.#head, next.body, next.handler)) return
    }
    connection.idleSinceMs = this.#clock.nowMs()
    this.#idle.push(connection)
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    const failed = this.#connecting.get(connection)
    this.#connecting.delete(connection)
    if (failed !== undefined) failed.handler.onResponseError(null, connection.reason)
    if (this.#isClosed) {
      if (this.#all.size === 0) this.#onEmpty?.()
      return
    }
    const next = this.#waiting.shift()
    if (next !== undefined) this.#await(next)
  }

  #look(): void {
    const nowMs = this.#clock.nowMs()
    const old = this.#idle.filter(({ idleSinceMs, keptForMs }) => {
      return nowMs - idleSinceMs >= Math.min(idleMs, (keptForMs ?? idleMs) - marginMs)
    })
    for (const connection of old) connection.abort(coded('IDLE', 'idle for too long'))
    this.#idle = this.#idle.filter((connection) => connection.isFree)
  }

  /** Ends every connection, and with them the requests on them and those that wait. */
  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#isClosed = true
    clearInterval(this.#timer)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onEmpty = resolve
    const error = coded('DESTROYED', 'every connection is ended')
    for (const { handler } of this.#waiting) handler.onResponseError(null, error)
    this.#waiting = []
    for (const connection of [...this.#all]) connection.abort(error)
    if (this.#all.size === 0) resolve()
    return promise
  }
}
