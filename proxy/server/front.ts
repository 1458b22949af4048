import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Push } from '../exchange.ts'
import type { Compat } from '../rpc/compat.ts'
import type { Answerer } from './answerer.ts'
import type { ClientSessions } from './client-sessions.ts'
import { HttpServer } from './http.ts'
import { IpcSide } from './ipc.ts'
import type { PassThrough } from './pass-through.ts'
import type { TellLoad } from './responder.ts'
import { WebSocketSide } from './websocket.ts'

/** What answers on each way in. */
export type Answerers = { readonly http: Answerer; readonly ws: Answerer; readonly ipc: Answerer }

/** Where a proxy can be asked. */
export type FrontUrls = {
  readonly url: string
  /** Null when it is that of HTTP. */
  readonly webSocketUrl: string | null
}

/** Every way in for clients: HTTP, WebSocket on its port or on one of its own, and IPC. */
export class Front {
  readonly #http: HttpServer
  /** Null while WebSocket shares HTTP's port. */
  readonly #webSocketServer: HttpServer | null
  readonly #webSockets: WebSocketSide
  readonly #ipc: IpcSide | null
  readonly #passThrough: PassThrough | null

  /**
   * @param compat how the release of Geth speaks that clients take it for
   * @param endAll ends the subscriptions of a client that is gone
   * @param tellLoad for clients over HTTP that ask for it
   */
  constructor(
    config: Config,
    answers: Answerers,
    passThrough: PassThrough | null,
    compat: Compat,
    endAll: (push: Push) => void,
    sessions: ClientSessions,
    tellLoad: TellLoad,
    clock: Clock,
  ) {
    const { http, ws, ipcpath, limits } = config
    const maxSockets = limits['max-sockets']
    const maxQueuedBytes = limits['max-queued-bytes']
    const rpcprefix = ws.rpcprefix ?? http.rpcprefix
    this.#webSockets = new WebSocketSide(
      { origins: ws.origins, rpcprefix, maxQueuedBytes, compat },
      answers.ws,
      endAll,
      clock,
      sessions,
    )
    const options = { ...http, maxSockets, compat }
    this.#http = new HttpServer(options, answers.http, clock, sessions, tellLoad)
    if (passThrough !== null) this.#http.passTo(passThrough)
    this.#passThrough = passThrough
    if (hasOwnPort(config)) {
      const { addr = http.addr, port = 0 } = ws
      const own = {
        addr,
        port,
        vhosts: [],
        corsdomain: [],
        rpcprefix: null,
        maxSockets,
        compat,
      }
      this.#webSocketServer = new HttpServer(own, answers.http, clock)
    } else this.#webSocketServer = null
    const door = this.#webSocketServer ?? this.#http
    door.upgradeTo(this.#webSockets)
    this.#ipc =
      ipcpath === undefined
        ? null
        : new IpcSide({ path: ipcpath, maxQueuedBytes }, answers.ipc, endAll, clock)
  }

  /** @throws Error with code `EADDRINUSE` and `flag`, the flag that names what is taken */
  async listen(): Promise<FrontUrls> {
    const { url } = await named('--http.port', this.#http.listen())
    const own = this.#webSocketServer
    const ws = own === null ? null : await named('--ws.port', own.listen())
    if (this.#ipc !== null) await named('--ipcpath', this.#ipc.listen())
    return { url, webSocketUrl: ws === null ? null : ws.url.replace(/^http/, 'ws') }
  }

  /** Takes no more, lets calls over HTTP end for `graceMs`, and leaves nothing open. */
  async close(graceMs: number): Promise<void> {
    await Promise.all([
      this.#http.close(graceMs),
      this.#webSocketServer?.close(graceMs),
      this.#webSockets.close(),
      this.#ipc?.close(),
      this.#passThrough?.close(),
    ])
  }
}

/** As in Geth, the same port twice is one port; 0 is never the same. */
function hasOwnPort({ http, ws }: Config): boolean {
  return ws.port !== undefined && (ws.port === 0 || ws.port !== http.port)
}

/** Waits for something to listen; an error gets the name of the flag that would help. */
export async function named<Value>(flag: string, listening: Promise<Value>): Promise<Value> {
  try {
    return await listening
  } catch (error) {
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), { flag })
  }
}
