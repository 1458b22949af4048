import type { Reply } from './reply.ts'

/** What a JSON-RPC error says to programs and to people; `message` is empty where there is none. */
export type NodeError = { readonly code: number; readonly message: string }

/** Errors are small, and larger ones are passed on without a look. Bytes. */
const maxBytes = 65_536

/** Reads the error of an answer, or null where it is not in the form of one. */
export function parseNodeError({ body, start, end }: Reply): NodeError | null {
  if (end - start > maxBytes) return null
  let error: unknown
  try {
    error = JSON.parse(body.toString('utf8', start, end))
  } catch {
    return null // Not JSON in a large answer is passed on as it is; see reply.ts.
  }
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  const { code } = error
  if (typeof code !== 'number' || !Number.isInteger(code)) return null
  const message = 'message' in error && typeof error.message === 'string' ? error.message : ''
  return { code, message }
}
