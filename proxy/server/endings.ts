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
  socket.once('end', () => {
    setTimeout(() => socket.destroy(), lingerMs).unref()
    endWhenAnswered(socket)
  })
}

function endWhenAnswered(socket: Socket): void {
  const response = underWay(socket)
  if (response === null) socket.end()
  else response.once('close', () => endWhenAnswered(socket))
}

/**
 * A request that cannot be read is told so, and so is one whose head stalled within a line that
 * cannot end there; anything else that does not come in time ends without a word.
 */
export function endUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  const { code } = error
  const response = underWay(socket)
  if (code === 'HPE_CLOSED_CONNECTION') return // Bytes behind the last request.
  if (response === null && isWithinBody(socket)) {
    // Of a request that is refused and told so: there is nothing to add.
    socket.end(() => socket.destroy())
    return
  }
  if (code?.startsWith('HPE_') !== true) {
    const isLateHead = code === 'ERR_HTTP_REQUEST_TIMEOUT' && response === null
    if (isLateHead && isWithinLine(socket)) endBroken(socket, brokenBy(code))
    else socket.destroy()
    return
  }
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

/** What Node keeps beside a socket while it reads requests off it. */
type Reading = {
  readonly parser?: {
    readonly incoming: { readonly complete: boolean } | null
    execute(bytes: Buffer): unknown
  } | null
}

function isWithinBody(socket: Duplex): boolean {
  const { parser } = socket as Reading
  return parser?.incoming?.complete === false
}

/**
 * Whether what came last is a line of a head that makes no sense unless it goes on: Go takes half a
 * line for a whole one when its time is over (go/src/bufio, Reader.ReadLine). The end of a line,
 * without the line feed, is given to Node's parser, which says so.
 */
function isWithinLine(socket: Duplex): boolean {
  const { parser } = socket as Reading
  return parser?.execute(endOfLine) instanceof Error
}

const endOfLine = Buffer.from('\r')

/** Nobody gets a tunnel; what Go's net/http would be asked for is a path that is not there. */
export function endWithoutTunnel(socket: Duplex): void {
  // From here on the socket is ours alone: an error that nobody hears ends the process.
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
}
