import type { Message } from './call.ts'
import { goString } from './json.ts'

/** The bytes of an answer, in order. Never empty parts; one part unless the result is large. */
export type Answer = readonly Buffer[]

const head = Buffer.from('{"jsonrpc":"2.0","id":')
const nullId = Buffer.from('null')
const resultMember = Buffer.from(',"result":')
const errorMember = Buffer.from(',"error":')
const tail = Buffer.from('}')

/** Above this a result is passed on in place: copying 16 KiB costs about what a second write does. */
const copyUpTo = 16_384

/** `{"jsonrpc":"2.0","id":…,"result":…}` with the raw id of `message` and the bytes given. */
export function resultAnswer(message: Message, body: Buffer, start: number, end: number): Answer {
  return splice(message, resultMember, body, start, end)
}

/** Its beginning, where the bytes given are only the first of the result: no end. */
export function resultOpening(message: Message, body: Buffer, start: number, end: number): Answer {
  const whole = joined(message, resultMember, body, start, end)
  return [whole.subarray(0, whole.length - 1)]
}

/** The same with an `error` that a node gave. */
export function errorAnswer(message: Message, body: Buffer, start: number, end: number): Answer {
  return splice(message, errorMember, body, start, end)
}

/** An error of our own, in the order and escaping of Geth; `message` null when no id could be read. */
export function ownError(message: Message | null, code: number, text: string): Answer {
  const error = Buffer.from(`{"code":${code},"message":${goString(text)}}`)
  return [joined(message, errorMember, error, 0, error.length)]
}

/** Bytes that {@link writeResult} writes. */
export function resultLength({ idStart, idEnd }: Message, start: number, end: number): number {
  return head.length + (idEnd - idStart) + resultMember.length + (end - start) + tail.length
}

/**
 * Writes what {@link resultAnswer} makes into `into`, for the many small ones of a batch.
 * @param message one with an id that can be echoed
 * @returns the position behind it
 */
export function writeResult(
  into: Buffer,
  at: number,
  message: Message,
  body: Buffer,
  start: number,
  end: number,
): number {
  let i = copied(head, 0, head.length, into, at)
  i = copied(message.body, message.idStart, message.idEnd, into, i)
  i = copied(resultMember, 0, resultMember.length, into, i)
  i = copied(body, start, end, into, i)
  into[i] = 0x7d
  return i + 1
}

/** Up to so many bytes, a loop is done before a call out of JavaScript has begun. */
const loopUpTo = 96

function copied(from: Buffer, start: number, end: number, into: Buffer, at: number): number {
  const count = end - start
  if (count > loopUpTo) from.copy(into, at, start, end)
  else for (let i = 0; i < count; i++) into[at + i] = from[start + i] ?? 0
  return at + count
}

/** Bytes of all parts together. */
export function byteLength(answer: Answer): number {
  let sum = 0
  for (const part of answer) sum += part.length
  return sum
}

function splice(
  message: Message,
  member: Buffer,
  body: Buffer,
  start: number,
  end: number,
): Answer {
  if (end - start <= copyUpTo) return [joined(message, member, body, start, end)]
  const opening = joined(message, member, body, start, start)
  return [opening.subarray(0, opening.length - 1), body.subarray(start, end), tail]
}

function joined(
  message: Message | null,
  member: Buffer,
  body: Buffer,
  start: number,
  end: number,
): Buffer {
  // The raw id as it came: Geth escapes nothing in it since 1.17.4.
  const id = message?.hasValidId === true ? message : null
  const idLength = id === null ? nullId.length : id.idEnd - id.idStart
  const size = head.length + idLength + member.length + (end - start) + 1
  const bytes = Buffer.allocUnsafe(size)
  let at = head.copy(bytes)
  at += id === null ? nullId.copy(bytes, at) : id.body.copy(bytes, at, id.idStart, id.idEnd)
  at += member.copy(bytes, at)
  at += body.copy(bytes, at, start, end)
  bytes[at] = 0x7d
  return bytes
}
