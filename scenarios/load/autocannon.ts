import autocannon from 'autocannon'
import { judge } from './answer.ts'
import type { Call } from './transport.ts'

export type SaturationOptions = {
  readonly url: string
  /** Calls kept under way at all times. */
  readonly connections: number
  readonly durationMs: number
  readonly timeoutMs: number
  readonly nextCall: () => Call
  readonly signal: AbortSignal
}

/** Right answers a second with as many calls under way as there are connections. */
export type SaturationResult = {
  readonly answersPerSecond: number
  readonly failed: number
  readonly connections: number
}

/** Calls drawn for each connection, which then begins again. */
const callsPerConnection = 200
/** Autocannon checks a body without telling whose it is, so all bear the same id. */
const id = 1

/**
 * How much an endpoint answers when it is always asked for more: a closed loop by autocannon.
 * Good for throughput only. Its latencies hide queues (each connection waits for its answer before
 * it asks again), so they are not passed on.
 */
export async function saturate(options: SaturationOptions): Promise<SaturationResult> {
  const { url, connections, durationMs, timeoutMs, nextCall, signal } = options
  signal.throwIfAborted()
  let good = 0
  let bad = 0
  let status = 0
  const load = autocannon({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    connections,
    duration: Math.max(1, Math.round(durationMs / 1000)),
    timeout: Math.max(1, Math.round(timeoutMs / 1000)),
    setupClient: (client) => {
      client.setRequests(Array.from({ length: callsPerConnection }, () => request(nextCall())))
      // Emitted right before the body of the same answer is verified.
      client.on('response', (code: number) => {
        status = code
      })
    },
    verifyBody: (text) => {
      const isGood = judge({ status, body: Buffer.from(text) }, id) === null
      if (isGood) good += 1
      else bad += 1
      return isGood
    },
  })
  const stop = () => load.stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { duration, errors } = await load
    signal.throwIfAborted()
    return { answersPerSecond: good / duration, failed: bad + errors, connections }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function request(call: Call): { readonly body: string } {
  const { method, params } = call
  return { body: JSON.stringify({ jsonrpc: '2.0', id, method, params }) }
}
