import { stringAt } from '../rpc/call.ts'
import { code, skipSpace, skipValue } from '../rpc/json.ts'
import { eachMember, type Reply } from '../rpc/reply.ts'

/** One log as the node wrote it, and what filters look at. Hashes and addresses in lower case. */
export type Log = {
  readonly bytes: Buffer
  readonly address: string
  readonly topics: readonly string[]
  /** Its place in the block, as the node wrote it: with the block's hash, what it is known by. */
  readonly index: string
}

/**
 * The logs in an answer to `eth_getLogs` for one block, each once, or null where the answer is not
 * one: what is no array of logs, and logs of another block, are no answer to what was asked.
 */
export function parseLogs({ kind, body, start, end }: Reply, blockHash: string): Log[] | null {
  let at = skipSpace(body, start, end)
  if (kind !== 'result' || body[at] !== code.openArray) return null
  const logs = new Map<string, Log>()
  at = skipSpace(body, at + 1, end)
  if (body[at] === code.closeArray) return []
  for (;;) {
    const behind = skipValue(body, at, end)
    const log = behind < 0 ? null : parseLog(body, at, behind, blockHash)
    if (log === null) return null
    logs.set(log.index, log)
    at = skipSpace(body, behind, end)
    if (body[at] === code.closeArray) return [...logs.values()]
    if (body[at] !== code.comma) return null
    at = skipSpace(body, at + 1, end)
  }
}

function parseLog(body: Buffer, start: number, end: number, blockHash: string): Log | null {
  let address = ''
  let index = ''
  let hash = ''
  let topics: readonly string[] | null = null
  const isWhole = eachMember(body, start, end, (key, from, to) => {
    if (key === 'topics') topics = topicsAt(body, from, to)
    if (body[from] !== code.quote) return
    if (key === 'address') address = stringAt(body, from, to).toLowerCase()
    else if (key === 'logIndex') index = stringAt(body, from, to)
    else if (key === 'blockHash') hash = stringAt(body, from, to).toLowerCase()
  })
  if (!isWhole || topics === null || address === '' || index === '' || hash !== blockHash) {
    return null
  }
  return { bytes: body.subarray(start, end), address, topics, index }
}

function topicsAt(body: Buffer, start: number, end: number): readonly string[] | null {
  const value: unknown = JSON.parse(body.toString('utf8', start, end))
  if (!Array.isArray(value)) return null
  return value.map((topic) => String(topic).toLowerCase())
}

const falseWord = Buffer.from('false')
const trueWord = Buffer.from('true')
const removedMember = Buffer.from(',"removed":true}')

/** The same log as it is told once its block was orphaned. */
export function asRemoved(log: Log): Log {
  const { bytes } = log
  let at = -1
  let behind = -1
  eachMember(bytes, 0, bytes.length, (key, start, end) => {
    if (key !== 'removed') return
    at = start
    behind = end
  })
  const marked =
    at < 0
      ? Buffer.concat([bytes.subarray(0, bytes.length - 1), removedMember])
      : bytes.subarray(at, behind).equals(falseWord)
        ? Buffer.concat([bytes.subarray(0, at), trueWord, bytes.subarray(behind)])
        : bytes
  return { ...log, bytes: marked }
}
