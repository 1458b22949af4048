/**
 * The event stream. Read with fetch and not with EventSource, which cannot send a token.
 */

const tokenKey = 'equipoise-token'

/** Without an event for this long the connection counts as lost: the stream sends four a second. */
const silentMs = 5000

const firstRetryMs = 500
const lastRetryMs = 5000

/** The port wants a token, or another one. */
export class TokenNeeded extends Error {}

/** Asks the port for something, with this tab's token. @throws Error with the port's own words. */
export async function ask(path, options = {}) {
  const token = sessionStorage.getItem(tokenKey)
  const headers = { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(path, { ...options, headers })
  if (answer.ok) return answer
  const { error = answer.statusText } = await answer.json().catch(() => ({}))
  if (answer.status === 401) throw new TokenNeeded(error)
  throw new Error(error)
}

export function keepToken(token) {
  sessionStorage.setItem(tokenKey, token)
}

export function hasToken() {
  return sessionStorage.getItem(tokenKey) !== null
}

/**
 * Follows the fleet for as long as the page is open.
 * @param on.snapshot called with each snapshot
 * @param on.lost called with the reason when the connection breaks; it is tried again by itself
 * @param on.token called when a token is needed; resolves when there is one
 */
export async function follow(on) {
  let retryMs = firstRetryMs
  for (;;) {
    try {
      await readEvents((snapshot) => {
        retryMs = firstRetryMs
        on.snapshot(snapshot)
      })
      on.lost('the proxy ended the stream')
    } catch (error) {
      if (error instanceof TokenNeeded) {
        await on.token()
        continue
      }
      on.lost(error.message)
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    retryMs = Math.min(lastRetryMs, retryMs * 2)
  }
}

/** Returns when the port ends the stream, throws when it breaks or falls silent. */
async function readEvents(onSnapshot) {
  const stop = new AbortController()
  let silence
  const expectMore = () => {
    clearTimeout(silence)
    silence = setTimeout(() => stop.abort(new Error('no news from the proxy')), silentMs)
  }
  expectMore()
  try {
    const answer = await ask('/api/events', { signal: stop.signal })
    let pending = ''
    for await (const text of texts(answer.body)) {
      expectMore()
      const events = (pending + text).split('\n\n')
      pending = events.pop()
      const last = events.findLast((event) => event.startsWith('data: '))
      if (last) onSnapshot(JSON.parse(last.slice('data: '.length)))
    }
  } finally {
    clearTimeout(silence)
    stop.abort()
  }
}

/** Safari has no async iterator on streams yet. */
async function* texts(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
