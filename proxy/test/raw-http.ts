import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One answer as it stood on the wire. */
export type RawResponse = {
  /** Status lines of 1xx answers before it. */
  readonly interim: readonly string[]
  readonly statusLine: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Header lines but for `Date`, sorted: Geth promises no order. */
export function linesOf({ headers }: RawResponse): readonly string[] {
  const lines = headers.filter(([name]) => name !== 'Date')
  return lines.map(([name, value]) => `${name}: ${value}`).sort()
}

/** One connection on which bytes are sent as they are. */
export class RawConnection {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #isOver = false

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk])
    })
    // Whoever refuses a body may close before all of it is sent; what it said counts.
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => {
      this.#isOver = true
    })
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Resolves when the other side has ended the connection. */
  async ended(): Promise<void> {
    while (!this.#isOver) await this.#more()
  }

  /** The next answer. @param method that of its request: HEAD has no body, whatever it says */
  async next(method = 'POST'): Promise<RawResponse> {
    const interim: string[] = []
    for (;;) {
      const head = await this.#upTo('\r\n\r\n')
      const [statusLine = '', ...lines] = head.toString('latin1').trimEnd().split('\r\n')
      const headers = lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()]
      })
      const status = Number(statusLine.split(' ')[1])
      if (status >= 100 && status < 200 && status !== 101) interim.push(statusLine)
      else {
        const hasNone = method === 'HEAD' || status === 101
        const body = hasNone ? Buffer.alloc(0) : await this.#body(headers)
        return { interim, statusLine, headers, body }
      }
    }
  }

  async #body(headers: RawResponse['headers']): Promise<Buffer> {
    const find = (wanted: string) =>
      headers.find(([name]) => name.toLowerCase() === wanted)?.[1]?.toLowerCase()
    const length = find('content-length')
    if (length !== undefined) return await this.#take(Number(length))
    if (find('transfer-encoding') === 'chunked') return await this.#chunked()
    if (find('connection') === 'close') await this.ended()
    return await this.#take(this.#isOver ? this.#rest.length : 0)
  }

  async #chunked(): Promise<Buffer> {
    const chunks: Buffer[] = []
    for (;;) {
      const size = Number.parseInt((await this.#upTo('\r\n')).toString('latin1'), 16)
      chunks.push(await this.#take(size))
      await this.#take(2)
      if (size === 0) return Buffer.concat(chunks)
    }
  }

  async #upTo(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.#rest.indexOf(mark)
      if (at >= 0) return await this.#take(at + mark.length)
      if (this.#isOver) {
        throw new Error(
          `the connection ended after ${JSON.stringify(this.#rest.toString('latin1'))}`,
        )
      }
      await this.#more()
    }
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#rest.length < bytes) {
      if (this.#isOver) throw new Error(`the connection ended within a body of ${bytes} bytes`)
      await this.#more()
    }
    const taken = this.#rest.subarray(0, bytes)
    this.#rest = this.#rest.subarray(bytes)
    return taken
  }

  /** Resolves when something came or the connection ended. */
  async #more(): Promise<void> {
    if (this.#isOver) return
    const aborter = new AbortController()
    const signal = AbortSignal.any([aborter.signal, AbortSignal.timeout(20_000)])
    try {
      const either = ['data', 'close'].map((event) => once(this.#socket, event, { signal }))
      for (const each of either) each.catch(() => {})
      await Promise.race(either)
    } finally {
      aborter.abort()
    }
  }
}

/** Sends one request on a connection of its own and gives back its answer. */
export async function rawHttp(port: number, request: Buffer | string): Promise<RawResponse> {
  const connection = new RawConnection(port)
  try {
    connection.send(request)
    const [method = ''] = request.toString('latin1').split(' ', 1)
    return await connection.next(method)
  } finally {
    connection.close()
  }
}
