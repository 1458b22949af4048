import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { AdminError } from './reply.ts'

/** The query of a request; empty where there is none. */
export function paramsOf(request: IncomingMessage): URLSearchParams {
  return URL.parse(request.url ?? '', 'http://admin')?.searchParams ?? new URLSearchParams()
}

/** @throws AdminError 400 that names what is wrong with which parameter */
export function parsedQuery<Query>(schema: z.ZodType<Query>, params: URLSearchParams): Query {
  const parsed = schema.safeParse(Object.fromEntries(params))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'query'}: ${message}`,
  )
  throw new AdminError(400, problems.join('; '))
}
