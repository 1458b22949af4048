import { readFile } from 'node:fs/promises'
import { parseRecordLine, type RecordLine } from '../../proxy/index.ts'

/** A record, sorted out. All times are milliseconds from its beginning. */
export type ProxyRecord = {
  readonly start: Line<'start'>
  /** In the order in which they came to be placed. */
  readonly calls: readonly Line<'call'>[]
  readonly reports: readonly Line<'report'>[]
  /** Of all nodes that were ever there: those of the start first, then each as it came. */
  readonly nodeIds: readonly string[]
  /** Nodes that came and went, in the order in which they did. */
  readonly moves: readonly (Line<'join'> | Line<'leave'>)[]
  /** Lines that the proxy could not write; null while the record was not full. */
  readonly lostLines: number | null
}

export type Line<Kind extends RecordLine['k']> = Extract<RecordLine, { readonly k: Kind }>

/** What is wrong with a record, with the number of the line. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

/** Reads what `equipoise --record FILE` wrote; a last line that was cut off is left out. */
export async function readRecord(path: string): Promise<ProxyRecord> {
  return parseRecord(await readFile(path, 'utf8'))
}

/** @throws RecordError */
export function parseRecord(text: string): ProxyRecord {
  const texts = text.split('\n')
  const isCut = !text.endsWith('\n')
  const lines = texts.flatMap((line, i): RecordLine[] => {
    if (line === '' || (isCut && i === texts.length - 1)) return []
    try {
      return [parseRecordLine(line)]
    } catch (error) {
      const [why] = (error instanceof Error ? error.message : String(error)).split('\n')
      throw new RecordError(`line ${i + 1}: ${why}`, { cause: error })
    }
  })
  const [start] = lines
  if (start?.k !== 'start') throw new RecordError('line 1: want the start of a record')
  const moves = lines.filter((line) => line.k === 'join' || line.k === 'leave')
  const full = lines.find((line) => line.k === 'full')
  return {
    start,
    calls: lines.filter((line) => line.k === 'call').toSorted((a, b) => a.t - b.t),
    reports: lines.filter((line) => line.k === 'report').toSorted((a, b) => a.t - b.t),
    nodeIds: [...new Set([...start.nodes.map(({ id }) => id), ...moves.map(({ node }) => node)])],
    moves,
    lostLines: full?.lines ?? null,
  }
}
