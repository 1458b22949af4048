import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { conformanceFolder } from './needs.ts'

/** One file of execution-apis: requests in the order in which they are to be made. */
export type Vector = {
  /** Folder and file, such as `eth_call/call-contract`. */
  readonly name: string
  readonly method: string
  readonly requests: readonly string[]
}

/** All vectors in the order of their names, as hive asks them. */
export function loadVectors(): readonly Vector[] {
  const files = globSync('*/*.io', { cwd: conformanceFolder }).sort()
  return files.map((file) => ({
    name: file.replace(/\.io$/, ''),
    method: basename(dirname(file)),
    requests: readFileSync(join(conformanceFolder, file), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('>> '))
      .map((line) => line.slice('>> '.length)),
  }))
}

/** What is asked of the pool or puts something into it: its answers depend on what came before. */
export function isStateful({ method }: Vector): boolean {
  return /^(eth_sendRawTransaction|testing_|txpool_)/.test(method)
}
