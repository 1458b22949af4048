import { WebSocketServer } from 'ws'

/**
 * A node for the tunnel to end at: `node web-socket-node.ts PORT ANSWER` says ANSWER to every
 * message. All calls of the load have the same id.
 */
const [port, answer = ''] = process.argv.slice(2)
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port) })
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.on('message', () => socket.send(answer))
})
