import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { RawConnection } from './raw-http.ts'

/** What became of one message: every answer to it, and whether it ended the connection. */
export type Outcome = { readonly answers: readonly string[]; readonly ended: boolean }

/** Says one message on a connection of its own and hears all that is said to it. */
export type WayIn = (message: Buffer) => Promise<Outcome>

/** A call that needs no node. */
const marker = '{"jsonrpc":"2.0","id":"marker","method":"rpc_modules"}'

/** Over HTTP, with a length. */
export function overHttp(port: number): WayIn {
  return async (message) => {
    const connection = new RawConnection(port)
    try {
      const head = 'Host: localhost\r\nContent-Type: application/json\r\n'
      connection.send(`POST / HTTP/1.1\r\n${head}Content-Length: ${message.length}\r\n\r\n`)
      connection.send(message)
      const { headers, body } = await connection.next()
      const ended = headers.some(([name, value]) => name === 'Connection' && value === 'close')
      return { answers: body.length === 0 ? [] : [body.toString('latin1')], ended }
    } finally {
      connection.close()
    }
  }
}

/** A message that breaks a conversation: what is under way is answered, and then all ends. */
const breach = '\x01'
const breachAnswer =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"invalid character \'\\\\x01\' looking for beginning of value"}}'

/** Over WebSocket. The message is followed by one that ends the connection once all is answered. */
export function overWebSocket(port: number): WayIn {
  return async (message) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { skipUTF8Validation: true })
    const answers: string[] = []
    socket.on('message', (data: Buffer) => answers.push(data.toString('latin1')))
    await once(socket, 'open')
    socket.send(message, { binary: false })
    socket.send(breach)
    await once(socket, 'close')
    const at = answers.indexOf(breachAnswer)
    return { answers: answers.filter((_, i) => i !== at), ended: at < 0 }
  }
}

/** Over IPC. With the message the client ends its side: what is under way is answered, then all ends. */
export function overIpc(path: string): WayIn {
  return async (message) => {
    const socket = connect({ path, allowHalfOpen: true })
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    socket.on('error', () => {})
    const ended = once(socket, 'end')
    // A value that waits for its end is told from one that is broken by this mark behind it.
    socket.end(Buffer.concat([message, Buffer.from(` ${marker}`)]))
    await ended
    socket.destroy()
    const lines = Buffer.concat(parts).toString('latin1').split('\n').slice(0, -1)
    const answers = lines.filter((line) => !line.includes('"id":"marker"'))
    return { answers, ended: answers.length === lines.length }
  }
}
