import { NodeSocket } from './node-socket.ts'
import type { Upstream } from './upstream.ts'

/** The one WebSocket connection of each node, made when it is first asked for. */
export class NodeSockets {
  readonly #sockets = new Map<Upstream, NodeSocket>()

  of(upstream: Upstream): NodeSocket {
    const known = this.#sockets.get(upstream)
    if (known !== undefined) return known
    const socket = new NodeSocket(upstream.id, upstream.ws)
    this.#sockets.set(upstream, socket)
    return socket
  }

  /** Ends the connection of a node that has left. */
  async drop(upstream: Upstream): Promise<void> {
    const socket = this.#sockets.get(upstream)
    this.#sockets.delete(upstream)
    await socket?.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()))
  }
}
