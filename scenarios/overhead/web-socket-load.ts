import { once } from 'node:events'
import { WebSocket } from 'ws'

/**
 * Load over WebSocket, as a process of its own so that it has a core of its own:
 * `node web-socket-load.ts URL SECONDS REQUEST`. On each connection one call at a time, the next
 * when its answer is there. Prints `{"requests": …, "p50Ms": …, "p99Ms": …}`; a wrong answer or a
 * connection that ends makes it fail.
 */
const connections = 16
const [url = '', seconds, request = ''] = process.argv.slice(2)
const roundTripsMs: number[] = []
const sockets = Array.from({ length: connections }, () => new WebSocket(url))
await Promise.all(sockets.map((socket) => once(socket, 'open')))
const endMs = performance.now() + Number(seconds) * 1000
await Promise.all(sockets.map(askUntilTheEnd))
for (const socket of sockets) socket.terminate()
roundTripsMs.sort((a, b) => a - b)
const [p50Ms, p99Ms] = [0.5, 0.99].map(
  (share) => roundTripsMs[Math.floor(roundTripsMs.length * share)],
)
process.stdout.write(`${JSON.stringify({ requests: roundTripsMs.length, p50Ms, p99Ms })}\n`)

function askUntilTheEnd(socket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let askedMs = performance.now()
  socket.on('message', (answer: Buffer) => {
    if (!answer.includes('"result"')) reject(new Error(`a wrong answer: ${answer}`))
    const nowMs = performance.now()
    roundTripsMs.push(nowMs - askedMs)
    askedMs = nowMs
    if (nowMs < endMs) socket.send(request)
    else resolve()
  })
  socket.on('close', () => reject(new Error('a connection ended')))
  socket.on('error', reject)
  socket.send(request)
  return promise
}
