import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { largeText } from './large-text.ts'

/**
 * A program: a node whose `test_large` answers a text of that many bytes, with a length, or in
 * chunks when a second param says so. Prints its URL.
 */
const texts = new Map<number, Buffer>()

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { id, method, params } = JSON.parse(Buffer.concat(parts).toString())
    if (method !== 'test_large') {
      response.end(`{"jsonrpc":"2.0","id":${id},"result":"0x1"}`)
      return
    }
    const [size, isChunked] = params as [number, boolean?]
    const text = texts.get(size) ?? largeText(size)
    texts.set(size, text)
    const opening = Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":`)
    if (isChunked !== true) response.setHeader('Content-Length', opening.length + text.length + 1)
    response.write(opening)
    response.write(text)
    response.end('}')
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${port}\n`)
})
