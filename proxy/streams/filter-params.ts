import { Message } from '../rpc/call.ts'
import { code, skipSpace, skipValue } from '../rpc/json.ts'

/** The arguments of a call as they stand in its body; null where there are more than `most`. */
export function argumentsOf(
  { body, paramsStart, paramsEnd }: Message,
  most: number,
): readonly string[] | null {
  const args: string[] = []
  if (paramsStart < 0 || body[paramsStart] !== code.openArray) return args
  let at = skipSpace(body, paramsStart + 1, paramsEnd)
  while (at < paramsEnd && body[at] !== code.closeArray) {
    if (args.length === most) return null
    const behind = skipValue(body, at, paramsEnd)
    args.push(body.toString('utf8', at, behind))
    at = skipSpace(body, behind, paramsEnd)
    if (body[at] === code.comma) at = skipSpace(body, at + 1, paramsEnd)
  }
  return args
}

/** What Geth says where a text, number, array or object stands in place of a bool (encoding/json). */
export function notBool(arg: string): string {
  const kinds: Record<string, string> = { '"': 'string', '[': 'array', '{': 'object' }
  const kind = kinds[arg[0] ?? ''] ?? 'number'
  return `invalid argument 0: json: cannot unmarshal ${kind} into Go value of type bool`
}

/** `eth_getLogs` with these criteria, to be answered in place of `message`. */
export function logsCall(message: Message, criteria: string): Message {
  const { body, idStart, idEnd } = message
  const id = idStart < 0 ? '' : body.toString('latin1', idStart, idEnd)
  const bytes = Buffer.concat([Buffer.from(id, 'latin1'), Buffer.from(`[${criteria}]`)])
  const call = new Message(bytes)
  call.versionOk = message.versionOk
  call.method = 'eth_getLogs'
  call.idStart = idStart < 0 ? -1 : 0
  call.idEnd = idStart < 0 ? -1 : id.length
  call.paramsStart = id.length
  call.paramsEnd = bytes.length
  return call
}
