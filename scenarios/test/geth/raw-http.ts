import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** One HTTP answer as it stood on the wire, in parts that can be compared. */
export type RawAnswer = {
  /** Status lines of what came before, such as `HTTP/1.1 100 Continue`. */
  readonly interim: readonly string[]
  readonly status: string
  /** `Name: value`, sorted; of `Date` the name alone. */
  readonly headers: readonly string[]
  /** Without its chunks. */
  readonly body: Buffer
}

const answerTimeoutMs = 20_000

/**
 * Sends `request` as it is to a port of loopback and reads as many answers.
 * @throws Error when the connection ends before, or no answer comes in time
 */
export async function exchange(
  port: number,
  request: Buffer,
  answers = 1,
): Promise<readonly RawAnswer[]> {
  const socket = createConnection(port, '127.0.0.1')
  const reader = new Reader(socket)
  const isHead = request.subarray(0, 5).toString('latin1') === 'HEAD '
  try {
    await once(socket, 'connect')
    socket.write(request)
    const read: RawAnswer[] = []
    while (read.length < answers) read.push(await readAnswer(reader, isHead))
    return read
  } finally {
    socket.destroy()
  }
}

/** A POST of JSON with further header lines. */
export function post(body: string | Buffer, headers: readonly string[] = []): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = [
    'POST / HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    ...headers,
    `Content-Length: ${bytes.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}

/**
 * The same answer as texts to compare. Of a compressed one its content: two compressors need not
 * agree on bytes, so neither its length nor whether it was counted says anything.
 */
export function comparable({ interim, status, headers, body }: RawAnswer) {
  const isGzip = headers.includes('Content-Encoding: gzip')
  const kept = isGzip
    ? headers.filter((line) => !/^(Content-Length|Transfer-E)/.test(line))
    : headers
  const content = isGzip && body.length > 0 ? gunzipSync(body) : body
  return { interim, status, headers: kept, body: content.toString('latin1') }
}

async function readAnswer(reader: Reader, isHead: boolean): Promise<RawAnswer> {
  const interim: string[] = []
  for (;;) {
    const [status = '', ...lines] = (await reader.until('\r\n\r\n')).split('\r\n')
    if (/^HTTP\/1\.1 1(?!01)/.test(status)) {
      interim.push(status)
      continue
    }
    const headers = lines.filter((line) => line !== '').map(withoutDate)
    headers.sort()
    const hasNone = isHead || status.includes(' 101 ')
    const body = hasNone ? Buffer.alloc(0) : await readBody(reader, headers)
    return { interim, status, headers, body }
  }
}

async function readBody(reader: Reader, headers: readonly string[]): Promise<Buffer> {
  const length = headers.map((line) => /^content-length: (\d+)$/i.exec(line)?.[1]).find(Boolean)
  if (length !== undefined) return await reader.take(Number(length))
  if (!headers.some((line) => /^transfer-encoding: chunked$/i.test(line)))
    return await reader.rest()
  const chunks: Buffer[] = []
  for (;;) {
    const size = Number.parseInt(await reader.until('\r\n'), 16)
    const chunk = await reader.take(size + 2)
    if (size === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, size))
  }
}

function withoutDate(line: string): string {
  return /^Date: /.test(line) ? 'Date' : line
}

/** Takes what comes on a socket piece by piece. */
class Reader {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #bytes = 0
  #isOver = false
  #wake = (): void => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
      this.#wake()
    })
    // A server that ends the connection without reading all of a request resets it.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  /** The text before `mark`, which is taken with it. */
  async until(mark: string): Promise<string> {
    for (;;) {
      const at = this.#held().indexOf(mark, 0, 'latin1')
      if (at >= 0) return (await this.take(at + mark.length)).toString('latin1', 0, at)
      await this.#more()
    }
  }

  async take(bytes: number): Promise<Buffer> {
    while (this.#bytes < bytes) await this.#more()
    const held = this.#held()
    this.#chunks = [held.subarray(bytes)]
    this.#bytes -= bytes
    return held.subarray(0, bytes)
  }

  /** All that comes until the connection ends. */
  async rest(): Promise<Buffer> {
    while (!this.#isOver) await this.#wait()
    return await this.take(this.#bytes)
  }

  #held(): Buffer {
    const held = Buffer.concat(this.#chunks)
    this.#chunks = [held]
    return held
  }

  async #more(): Promise<void> {
    if (this.#isOver) {
      const seen = JSON.stringify(this.#held().toString('latin1', 0, 200))
      throw new Error(`the connection ended behind ${seen}`)
    }
    await this.#wait()
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = setTimeout(() => this.#socket.destroy(), answerTimeoutMs)
    await promise
    clearTimeout(timer)
  }
}
