import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gethBinary } from '../../fleets/geth/binary.ts'

/** Public vectors and the chain they were recorded on, and transcripts of a real Geth. */
const data = join(import.meta.dirname, '../../../../shared/data')
export const conformanceFolder = join(data, 'execution-apis')
export const goldenFolder = join(data, 'geth-golden')

/** What these tests cannot run without, in one line, or null when all of it is there. */
export function missing(): string | null {
  if (gethBinary() === null) return 'no geth on the PATH or in GOPATH/bin'
  if (!existsSync(join(conformanceFolder, 'chain.rlp'))) return 'no chain of execution-apis'
  return existsSync(join(goldenFolder, 'http.json')) ? null : 'no transcripts of Geth'
}
