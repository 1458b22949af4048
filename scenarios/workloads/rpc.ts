import { request } from 'undici'

/** An endpoint that answered with an error, or not in JSON-RPC. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure'
}

const timeoutMs = 10_000

/**
 * Asks one endpoint one thing; for preparing a trial, never for measuring it.
 * @throws RpcFailure when it answers with an error; the system's error when it does not answer
 */
export async function ask(
  url: string,
  method: string,
  params: readonly unknown[],
  signal: AbortSignal,
): Promise<unknown> {
  // Not `fetch`, which refuses to talk to some ports.
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
  const text = await body.text()
  const reply = parsed(text)
  if (reply === null) {
    throw new RpcFailure(`${method}: ${url} answered ${statusCode} without JSON-RPC`)
  }
  if (reply['error'] !== undefined) {
    throw new RpcFailure(`${method}: ${JSON.stringify(reply['error'])}`)
  }
  return reply['result']
}

/** The same for a quantity, as a number. @throws RpcFailure when it is none */
export async function askQuantity(
  url: string,
  method: string,
  params: readonly unknown[],
  signal: AbortSignal,
): Promise<number> {
  const result = await ask(url, method, params, signal)
  if (typeof result !== 'string' || !/^0x[0-9a-f]{1,13}$/i.test(result)) {
    throw new RpcFailure(`${method}: ${JSON.stringify(result)} is no quantity`)
  }
  return Number(result)
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null // The caller says what came instead.
  }
}
