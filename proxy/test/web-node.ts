import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'

/** The side of a node that is not JSON-RPC: what it was asked, and who is still being served. */
export type WebNode = {
  readonly url: string
  readonly asked: IncomingMessage[]
  /** Requests whose answer has not ended. */
  readonly underWay: Set<ServerResponse>
  /** Its ends of tunnels. */
  readonly tunnels: Set<WebSocket>
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** @param serve answers a request; without it each is echoed: method, path and body */
export async function webNode(
  t: TestContext,
  serve: (request: IncomingMessage, response: ServerResponse) => void = echo,
): Promise<WebNode> {
  const asked: IncomingMessage[] = []
  const underWay = new Set<ServerResponse>()
  const idle = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    asked.push(request)
    underWay.add(response)
    response.once('close', () => {
      underWay.delete(response)
      if (underWay.size === 0) idle.resolve()
    })
    serve(request, response)
  })
  const webSockets = new WebSocketServer({
    server,
    verifyClient: ({ req }: { readonly req: IncomingMessage }) => asked.push(req) > 0,
  })
  webSockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}!`)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    webSockets.close()
    server.close()
    server.closeAllConnections()
    for (const client of webSockets.clients) client.terminate()
    await closed
  }
  t.after(stop)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return { url, asked, underWay, tunnels: webSockets.clients, idle: () => idle.promise, stop }
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    response.setHeader('Content-Type', 'application/json')
    response.setHeader('Access-Control-Allow-Origin', 'https://node.example')
    response.end(JSON.stringify({ method: request.method, url: request.url, body }))
  })
}
