import { request } from 'node:http'
import { join } from 'node:path'
import { text as allOf } from 'node:stream/consumers'
import type { z } from 'zod'
import type { LogPart } from '../fleets/log-ring.ts'
import {
  doneSchema,
  errorSchema,
  type FaultOrder,
  logPartSchema,
  type StackState,
  stackStateSchema,
} from './messages.ts'

/** Nobody answers on the socket of that place. */
export class NoStack extends Error {
  override readonly name = 'NoStack'
}

/** Starting a node again takes so long at most. */
const timeoutMs = 90_000
const unreachable: readonly unknown[] = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']

/** The socket in a stack's folder. */
export function socketOf(folder: string): string {
  return join(folder, 'control.sock')
}

/** @throws NoStack */
export async function stackState(folder: string): Promise<StackState> {
  return await ask(folder, 'GET', '/stack', stackStateSchema)
}

/** Lines that a node said: the last `last`, or from line number `from` on. @throws NoStack; Error */
export async function nodeLog(
  folder: string,
  node: string,
  part: { readonly last: number } | { readonly from: number },
): Promise<LogPart> {
  const [name = '', value] = Object.entries(part)[0] ?? []
  const query = new URLSearchParams({ node, [name]: String(value) })
  return await ask(folder, 'GET', `/log?${query}`, logPartSchema)
}

/** @returns what was done @throws NoStack; Error in one line when it cannot be done */
export async function orderFault(folder: string, order: FaultOrder): Promise<string> {
  return (await ask(folder, 'POST', '/fault', doneSchema, order)).done
}

/** Asks it to end; it does so afterwards. @throws NoStack */
export async function orderEnd(folder: string): Promise<void> {
  await ask(folder, 'POST', '/end', doneSchema)
}

async function ask<Answer>(
  folder: string,
  method: string,
  path: string,
  schema: z.ZodType<Answer>,
  body?: unknown,
): Promise<Answer> {
  const { status, value } = await exchange(folder, method, path, body)
  if (status === 200) return schema.parse(value)
  throw new Error(errorSchema.parse(value).error)
}

function exchange(
  folder: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ readonly status: number; readonly value: unknown }> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socketOf(folder), method, path, timeout: timeoutMs, agent: false }
    const sent = request(options, (response) => {
      allOf(response)
        .then((words) => resolve({ status: response.statusCode ?? 0, value: JSON.parse(words) }))
        .catch(reject)
    })
    sent.once('timeout', () => sent.destroy(new Error(`the stack in ${folder} gave no answer`)))
    sent.once('error', (error) => {
      const isGone = 'code' in error && unreachable.includes(error.code)
      reject(isGone ? new NoStack(`no stack answers in ${folder}`, { cause: error }) : error)
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
