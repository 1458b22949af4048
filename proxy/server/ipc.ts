import { chmodSync, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Push } from '../exchange.ts'
import type { Answerer } from './answerer.ts'
import { Conversation, type Line } from './conversation.ts'
import { JsonStream } from './json-stream.ts'

export type IpcOptions = {
  /** The socket's file: made with mode 0600, removed at the end. */
  readonly path: string
  readonly maxQueuedBytes: number
}

/**
 * Geth's IPC: a Unix socket on which JSON values follow one another. Nothing need stand between those
 * that come; each that goes out ends in a newline, as Go's `json.Encoder` writes it.
 */
export class IpcSide {
  readonly #server: Server
  readonly #options: IpcOptions
  readonly #connections = new Set<IpcLine>()
  readonly #timer: NodeJS.Timeout

  /** @param endAll ends the subscriptions of a client that is gone */
  constructor(options: IpcOptions, answer: Answerer, endAll: (push: Push) => void, clock: Clock) {
    this.#options = options
    // Who ends its side, as `socat` does at the end of its input, still gets its answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const line = new IpcLine(socket, options.maxQueuedBytes, answer, clock)
      this.#connections.add(line)
      socket.once('close', () => {
        this.#connections.delete(line)
        line.conversation.abandon()
        endAll(line.conversation)
      })
    })
    this.#timer = setInterval(() => {
      const nowMs = clock.nowMs()
      for (const line of this.#connections) line.conversation.look(nowMs)
    }, lookEveryMs).unref()
  }

  /** @throws Error with code `EADDRINUSE` when another process listens there */
  async listen(): Promise<void> {
    const { path } = this.#options
    mkdirSync(dirname(path), { recursive: true, mode: 0o751 })
    await removeStale(path)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    // Between bind and chmod the file would be open to all but for the mask.
    const mask = process.umask(0o177)
    try {
      this.#server.listen(path, resolve)
    } finally {
      process.umask(mask)
    }
    await promise
    this.#server.off('error', reject)
    chmodSync(path, 0o600)
  }

  /** Ends every connection and removes the file. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const line of this.#connections) line.cutOff()
    await promise
  }
}

/** All connections are looked at this often for one that takes nothing. */
const lookEveryMs = 1_000

const newline = Buffer.from('\n')

class IpcLine implements Line {
  readonly conversation: Conversation
  readonly #socket: Socket

  constructor(socket: Socket, maxQueuedBytes: number, answer: Answerer, clock: Clock) {
    this.#socket = socket
    this.conversation = new Conversation(this, maxQueuedBytes, answer, clock)
    const stream = new JsonStream()
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const value of stream.push(chunk)) this.#take(value)
    })
    socket.once('end', () => {
      const value = stream.end()
      if (value !== null) this.#take(value)
      this.conversation.finish()
    })
  }

  #take(value: Buffer): void {
    // Only a defect of ours rejects; the connection ends, as a panic ends Geth's.
    this.conversation.take(value).catch(() => this.cutOff())
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  send(bytes: Buffer): void {
    this.#socket.cork()
    this.#socket.write(bytes)
    this.#socket.write(newline)
    this.#socket.uncork()
  }

  end(): void {
    this.#socket.end()
  }

  cutOff(): void {
    this.#socket.destroy()
  }
}

/** A socket's file that nobody answers on is left over from a crash. Other files are let be. */
async function removeStale(path: string): Promise<void> {
  if (!existsSync(path) || !lstatSync(path).isSocket()) return
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = createConnection(path)
  probe.once('connect', () => resolve(true))
  probe.once('error', () => resolve(false))
  const isAlive = await promise
  probe.destroy()
  if (!isAlive) unlinkSync(path)
}
