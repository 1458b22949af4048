import { once } from 'node:events'
import { createConnection } from 'node:net'
import { WebSocket } from 'ws'

/** A lasting connection on which texts go both ways; what is heard has one character a byte. */
export type Dialog = {
  say(text: string | Buffer): void
  /** The next text from the other side, or `closed CODE` once it has ended the connection. */
  next(): Promise<string>
  /** Says no more; the other side may still. */
  end(): void
  /** Ends both sides, now. */
  close(): void
}

const answerTimeoutMs = 20_000

/** A WebSocket to a port of loopback. */
export async function webSocketDialog(port: number): Promise<Dialog> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  })
  const heard = new Heard()
  socket.on('message', (data: Buffer, isBinary) => {
    heard.put(isBinary ? `binary ${data.toString('hex')}` : data.toString('latin1'))
  })
  socket.on('close', (code) => heard.put(`closed ${code}`))
  await once(socket, 'open')
  return {
    say: (text) => socket.send(text, { binary: false }),
    next: () => heard.next(),
    end: () => socket.close(),
    close: () => socket.terminate(),
  }
}

/** A Unix socket that speaks JSON. Each text ends in a newline, and has none in it: Go writes no other. */
export async function ipcDialog(path: string): Promise<Dialog> {
  const socket = createConnection({ path, allowHalfOpen: true })
  const heard = new Heard()
  let rest: string[] = []
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const parts = chunk.split('\n')
    for (const part of parts.slice(0, -1)) {
      heard.put(`${rest.join('')}${part}\n`)
      rest = []
    }
    rest.push(parts.at(-1) ?? '')
  })
  socket.on('error', () => {})
  socket.on('close', () => heard.put(`closed, behind ${JSON.stringify(rest.join(''))}`))
  await once(socket, 'connect')
  return {
    say: (text) => socket.write(text),
    next: () => heard.next(),
    end: () => socket.end(),
    close: () => socket.destroy(),
  }
}

/** Texts in the order in which they came, for whoever asks. */
class Heard {
  readonly #texts: string[] = []
  #wake = (): void => {}

  put(text: string): void {
    this.#texts.push(text)
    this.#wake()
  }

  async next(): Promise<string> {
    const untilMs = Date.now() + answerTimeoutMs
    for (;;) {
      const text = this.#texts.shift()
      if (text !== undefined) return text
      const leftMs = untilMs - Date.now()
      if (leftMs <= 0) throw new Error('nothing came in time')
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, leftMs)
      await promise
      clearTimeout(timer)
    }
  }
}
