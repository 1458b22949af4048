import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ResponseHead } from './response-head.ts'
import { ResponseReader } from './response-reader.ts'

/** What one who awaits an answer can do about it while it comes. */
export type AnswerControl = {
  readonly paused: boolean
  /** No more of it until {@link resume}. */
  pause(): void
  resume(): void
  /** It is wanted no longer. Once the request is out, nothing but the end of the connection says so. */
  abort(reason: Error): void
}

/** Who awaits the answer to one request. Named as undici's handlers are, so that it may be one. */
export type AnswerHandler = {
  /** The request goes out; it may be aborted at once. */
  onRequestStart(control: AnswerControl): void
  onResponseStart(control: AnswerControl, status: number, headers: ResponseHead['headers']): void
  onResponseData(control: AnswerControl, chunk: Buffer): void
  onResponseEnd(): void
  /** The last that is heard of it. */
  onResponseError(control: AnswerControl | null, error: Error): void
}

/** An error with a code of the kind that system calls give. */
export function coded(code: string, message: string): Error & { readonly code: string } {
  return Object.assign(new Error(message), { code })
}

const connectTimeoutMs = 1_000

/** A request of up to so many bytes goes out as one text with its head: one write, no vector. */
const asTextUpTo = 16_384

/** The control of one request: without effect once it is over, when others use its connection. */
class Control implements AnswerControl {
  readonly #connection: Connection
  #isPaused = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get paused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
    this.#connection.pause(this)
  }

  resume(): void {
    this.#isPaused = false
    this.#connection.resume(this)
  }

  abort(reason: Error): void {
    this.#connection.abort(reason, this)
  }
}

/** One connection to a node, for one request at a time. */
export class Connection {
  readonly #socket: Socket
  readonly #reader: ResponseReader
  readonly #onIdle: (connection: Connection) => void
  readonly #onGone: (connection: Connection) => void
  #handler: AnswerHandler | null = null
  #control: Control | null = null
  #isWritten = false
  #isOpen = false
  #isGone = false
  #error: Error | null = null
  /** How long the node keeps it when idle, milliseconds; null where it does not say. */
  keptForMs: number | null = null
  /** When it became idle; kept by whoever keeps it. */
  idleSinceMs = 0

  /**
   * Connects.
   * @param buffer what every connection of one thread may read into: it is copied from at once
   * @param onIdle told when it can take a request, the first time when it is connected
   * @param onGone told once, when it can take no more
   */
  constructor(
    url: URL,
    buffer: Buffer,
    onIdle: (connection: Connection) => void,
    onGone: (connection: Connection) => void,
  ) {
    this.#onIdle = onIdle
    this.#onGone = onGone
    this.#reader = new ResponseReader({
      onHead: ({ status, headers }) => {
        if (this.#control !== null) this.#handler?.onResponseStart(this.#control, status, headers)
      },
      onBody: (chunk) => {
        if (this.#control !== null) this.#handler?.onResponseData(this.#control, chunk)
      },
      onEnd: (head, keeps) => this.#end(head, keeps),
    })
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const isTls = url.protocol === 'https:'
    const port = Number(url.port || (isTls ? 443 : 80))
    const common = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }
    if (isTls) {
      this.#socket = connectTls({ ...common, servername: host, ALPNProtocols: ['http/1.1'] })
      this.#socket.on('data', (bytes: Buffer) => this.#take(bytes))
    } else {
      const callback = (count: number): boolean => {
        this.#take(buffer.subarray(0, count))
        return true
      }
      this.#socket = connect({ ...common, onread: { buffer, callback } })
    }
    const timer = setTimeout(() => {
      // Where the loop was busy for so long, the connection may stand and nobody has looked.
      setImmediate(() => {
        if (this.#isOpen) return
        const problem = `no connection within ${connectTimeoutMs} ms`
        this.#socket.destroy(coded('CONNECT_TIMEOUT', problem))
      })
    }, connectTimeoutMs)
    this.#socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      this.#isOpen = true
      this.#onIdle(this)
    })
    this.#socket.on('error', (error) => {
      this.#error ??= error
    })
    this.#socket.once('end', () => {
      this.#reader.end()
      this.#socket.destroy()
      this.#leave()
    })
    this.#socket.once('close', () => {
      clearTimeout(timer)
      this.#leave()
    })
  }

  /** Whether it can take a request. */
  get isFree(): boolean {
    return this.#isOpen && this.#handler === null && !this.#isGone
  }

  /** Why it is gone, once it is. */
  get reason(): Error {
    return this.#error ?? coded('CONNECTION_ENDED', 'the node ended the connection')
  }

  /**
   * Sends a request; the connection must be free. False where it was aborted before anything of it
   * was sent, and the connection is free still.
   * @param head of the request up to the digits of its length
   */
  send(head: string, body: Buffer, handler: AnswerHandler): boolean {
    this.#handler = handler
    this.#isWritten = false
    const control = new Control(this)
    this.#control = control
    handler.onRequestStart(control)
    if (this.#handler === null) return false
    this.#isWritten = true
    this.#reader.expect()
    const opening = `${head}${body.length}\r\n\r\n`
    if (body.length <= asTextUpTo) {
      this.#socket.write(opening + body.toString('latin1'), 'latin1')
      return true
    }
    this.#socket.cork()
    this.#socket.write(opening, 'latin1')
    this.#socket.write(body)
    this.#socket.uncork()
    return true
  }

  /** @param control of the request that wants it; others are past */
  pause(control: AnswerControl): void {
    if (control === this.#control) this.#socket.pause()
  }

  /** As {@link pause}. */
  resume(control: AnswerControl): void {
    if (control === this.#control) this.#socket.resume()
  }

  /**
   * Ends it, with the request on it; a request of which nothing was sent yet is just forgotten.
   * @param control of the request that wants it, if it is one
   */
  abort(reason: Error, control: AnswerControl | null = this.#control): void {
    if (control !== this.#control) return
    const handler = this.#handler
    if (handler !== null && !this.#isWritten) {
      this.#handler = null
      handler.onResponseError(control, reason)
      return
    }
    this.#error ??= reason
    this.#reader.stop()
    this.#socket.destroy()
    this.#leave()
  }

  #take(bytes: Buffer): void {
    try {
      this.#reader.take(bytes)
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #end({ keptForMs }: ResponseHead, keeps: boolean): void {
    const handler = this.#handler
    this.#handler = null
    this.keptForMs = keptForMs
    // A node that answers before it has read all of a request reads the rest as the next one.
    const isReusable = keeps && this.#socket.writableLength === 0
    if (isReusable) {
      if (this.#control?.paused === true) this.#control.resume()
      // No longer under the control of what has ended.
      this.#control = null
      this.#onIdle(this)
    } else this.abort(new Error('the node keeps no connection'))
    handler?.onResponseEnd()
  }

  /** Nothing more comes of it. */
  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    const handler = this.#handler
    this.#handler = null
    this.#onGone(this)
    handler?.onResponseError(this.#control, this.reason)
  }
}
