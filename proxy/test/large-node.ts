import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * How a node sends a large result: with a length or in chunks, with a newline behind it, with the
 * id last, as an error, cut short by the connection's end, or without ever ending it.
 */
export type LargeForm =
  | 'counted'
  | 'chunked'
  | 'counted newline'
  | 'chunked newline'
  | 'id last'
  | 'error'
  | 'cut'
  | 'never ends'

/** A JSON text of `size` bytes, quotes included, no two blocks of 4 KiB of which are equal. */
export function largeText(size: number): Buffer {
  const text = Buffer.alloc(size, 'the quick brown fox jumps over the lazy dog. ')
  for (let at = 1; at < size; at += 4_096) text.write(at.toString(36), at, 'latin1')
  text[0] = 0x22
  text[size - 1] = 0x22
  return text
}

/** A node in a process of its own, whose `test_large [size, form]` answers a text. Gives its URL. */
export async function largeNode(t: TestContext): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  })
  const [line] = await once(child.stdout, 'data')
  return String(line).trim()
}

const texts = new Map<number, Buffer>()

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const { id, method, params } = JSON.parse(Buffer.concat(parts).toString())
  if (method !== 'test_large') {
    response.end(`{"jsonrpc":"2.0","id":${id},"result":"0x1"}`)
    return
  }
  const [size, form] = params as [number, LargeForm]
  const text = texts.get(size) ?? largeText(size)
  texts.set(size, text)
  const [head, tail] = around(id, form)
  if (form.startsWith('counted')) {
    response.setHeader('Content-Length', head.length + size + tail.length)
  }
  response.write(head)
  if (form === 'cut' || form === 'never ends') {
    response.write(text.subarray(0, size / 2), () => {
      if (form === 'cut') response.destroy()
    })
    return
  }
  response.write(text)
  response.end(tail)
}

function around(id: number, form: LargeForm): readonly [head: string, tail: string] {
  if (form === 'id last') return ['{"jsonrpc":"2.0","result":', `,"id":${id}}`]
  if (form === 'error') {
    return [`{"jsonrpc":"2.0","id":${id},"error":{"code":3,"message":"no","data":`, '}}']
  }
  return [`{"jsonrpc":"2.0","id":${id},"result":`, form.endsWith('newline') ? '}\n' : '}']
}

if (import.meta.main) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`http://127.0.0.1:${port}\n`)
  })
}
