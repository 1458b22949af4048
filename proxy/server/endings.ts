import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { brokenBy, endBroken, underWay } from './broken-request.ts'

/** Behind a whole value it is ignored; in any other place it makes broken JSON. */
const breakingOff = Buffer.from([0])

/** How long a connection that is over is kept for the client to read what it was told; Go's rstAvoidanceDelay. */
const lingerMs = 500

/**
 * Ends the connection with the response, though bytes of the client may still come: they are let
 * come for a moment, because a connection that is closed on them takes the response with it (as
 * go/src/net/http/server.go, closeWriteAndWait).
 */
export function endWith(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = response
  request.headers.connection = 'close'
  request.resume()
  if (socket === null) return
  socket.destroySoon = () => {
    socket.end()
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}

/**
 * A client that ends its side may be gone or may wait for its answer, and nothing tells which. It
 * gets a moment; then it is taken for gone, and what it asked for is called off.
 */
export function letHalfClose(socket: Socket): void {
  socket.once('end', () => setTimeout(() => socket.destroy(), lingerMs).unref())
}

/** A request that cannot be read is told so; one that does not come in time ends without a word. */
export function endUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  const { code } = error
  if (code === 'HPE_CLOSED_CONNECTION') return // Bytes behind the last request.
  if (code?.startsWith('HPE_') !== true) {
    socket.destroy()
    return
  }
  const response = underWay(socket)
  if (response === null || response.req.complete) {
    endBroken(socket, brokenBy(code))
  } else if (!response.req.readableEnded) {
    // Its body breaks off. As much as came may be a call; what does not end behind it is none.
    endWith(response.req, response)
    response.req.complete = true
    response.req.push(breakingOff)
    response.req.push(null)
  }
}
