import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifact, ContractName } from './compile.ts'

/** The committed outcome of compiling contract `name`. */
export function artifactOf(name: ContractName): Artifact {
  return JSON.parse(readFileSync(join(import.meta.dirname, `${name}.json`), 'utf8'))
}
