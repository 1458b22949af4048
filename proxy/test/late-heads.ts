/**
 * Preloaded into a proxy by tests, as if it had no time to read what nodes push: their heads are heard
 * of after answers that show later ones.
 */
import { NodeSocket } from '../upstream/node-socket.ts'

/** Several blocks of those tests. */
const lateMs = 25

const { request } = NodeSocket.prototype
NodeSocket.prototype.request = function (method, params, sink = null) {
  if (sink === null) return request.call(this, method, params)
  return request.call(this, method, params, {
    next: (result) => void setTimeout(() => sink.next(result), lateMs),
    lost: () => void setTimeout(() => sink.lost(), lateMs),
  })
}
