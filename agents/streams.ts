import type { ServerResponse } from 'node:http'

/** More readers than a fleet of proxies has; each costs a socket. */
const maxStreams = 64

/** Written and not taken yet, some 100 lines of 10 nodes. A reader this far behind gets no more. */
const maxBehindBytes = 262_144

/** A reader that is behind for this long has gone without saying so, or is of no use. */
const maxBehindMs = 10_000

type Stream = { readonly response: ServerResponse; behindSinceMs: number | undefined }

/** The readers of the stream of reports. Each gets every line, but none may make us remember them. */
export class Streams {
  readonly #streams = new Set<Stream>()
  #droppedLines = 0

  get count(): number {
    return this.#streams.size
  }

  /** Lines that readers did not get because they were behind. */
  get droppedLines(): number {
    return this.#droppedLines
  }

  get isFull(): boolean {
    return this.#streams.size >= maxStreams
  }

  /** Writes the head and a first line, and then each line of {@link send} until the reader leaves. */
  add(response: ServerResponse, firstLine: string): void {
    const stream: Stream = { response, behindSinceMs: undefined }
    this.#streams.add(stream)
    response.once('close', () => this.#streams.delete(stream))
    // A reader that went away while a line was under way; `close` follows.
    response.on('error', () => response.destroy())
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
    })
    response.write(firstLine)
  }

  /** `nowMs` is the agent's monotonic clock. */
  send(line: string, nowMs: number): void {
    for (const stream of this.#streams) {
      if (stream.response.writableLength <= maxBehindBytes) {
        stream.behindSinceMs = undefined
        stream.response.write(line)
        continue
      }
      this.#droppedLines += 1
      stream.behindSinceMs ??= nowMs
      if (nowMs - stream.behindSinceMs >= maxBehindMs) stream.response.destroy()
    }
  }

  /** Ends all streams. A reader that is behind holds its own until its connection is cut. */
  close(): void {
    for (const { response } of this.#streams) response.end()
    this.#streams.clear()
  }
}
