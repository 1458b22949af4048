import { NodeSocket } from './node-socket.ts'
import type { Upstream } from './upstream.ts'

/** The one WebSocket connection of each node, made when it is first asked for. */
export class NodeSockets {
  readonly #urls: ReadonlyMap<string, URL>
  readonly #sockets = new Map<string, NodeSocket>()

  /** @param urls where each upstream speaks WebSocket, by its id */
  constructor(urls: ReadonlyMap<string, URL>) {
    this.#urls = urls
  }

  of({ id, url }: Upstream): NodeSocket {
    const known = this.#sockets.get(id)
    if (known !== undefined) return known
    const socket = new NodeSocket(id, this.#urls.get(id) ?? webSocketUrlOf(url))
    this.#sockets.set(id, socket)
    return socket
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()))
  }
}

/** The same address over WebSocket, as nodes that serve both on one port have it. */
export function webSocketUrlOf(url: URL): URL {
  const other = new URL(url)
  other.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return other
}
