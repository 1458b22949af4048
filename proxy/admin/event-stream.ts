import type { ServerResponse } from 'node:http'

/** More listeners than people watch; each one costs a snapshot's bytes four times a second. */
const maxListeners = 32

/** A listener that has not read for so many events in a row is cut off: 10 s at 4 Hz. */
const maxMissed = 40

/** Bytes that may wait in a listener's socket before it counts as slow. */
const slowBytes = 256 * 1024

export type EventStreamOptions = {
  /** Milliseconds between events. */
  readonly intervalMs: number
  /** The next event's data, one line of text. Asked once an event, whoever listens. */
  next(): string
  /** `next` threw: nobody got that event. */
  failed(error: unknown): void
}

/**
 * Server-sent events, the same for all who listen: one timer, running only while somebody does.
 * Whoever reads slowly misses events, and nothing is kept for him.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  readonly #options: EventStreamOptions
  /** Events that each listener missed in a row. */
  readonly #missed = new Map<ServerResponse, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(options: EventStreamOptions) {
    this.#options = options
  }

  get listeners(): number {
    return this.#missed.size
  }

  get isFull(): boolean {
    return this.#missed.size >= maxListeners
  }

  /** Starts to send, with one event at once. The caller has set its headers and asked `isFull`. */
  add(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.once('close', () => this.#remove(response))
    this.#missed.set(response, 0)
    this.#timer ??= setInterval(() => this.#sendAll(), this.#options.intervalMs).unref()
    const event = this.#event()
    if (event !== null) this.#send(response, event)
  }

  /** Ends every stream. */
  close(): void {
    for (const response of this.#missed.keys()) response.destroy()
    this.#missed.clear()
    this.#stop()
  }

  #sendAll(): void {
    const event = this.#event()
    if (event === null) return
    for (const response of this.#missed.keys()) this.#send(response, event)
  }

  #send(response: ServerResponse, event: string): void {
    if (response.writableLength <= slowBytes) {
      this.#missed.set(response, 0)
      response.write(event)
      return
    }
    const missed = (this.#missed.get(response) ?? 0) + 1
    if (missed <= maxMissed) {
      this.#missed.set(response, missed)
      return
    }
    this.#remove(response) // Its `close` comes later.
    response.destroy()
  }

  #event(): string | null {
    try {
      return `data: ${this.#options.next()}\n\n`
    } catch (error) {
      this.#options.failed(error)
      return null
    }
  }

  #remove(response: ServerResponse): void {
    this.#missed.delete(response)
    if (this.#missed.size === 0) this.#stop()
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
