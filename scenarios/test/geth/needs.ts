import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

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

/** Where the Geth of this machine is, or null. */
export function gethBinary(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return [...folders, ...goFolders()].map((folder) => join(folder, 'geth')).find(isProgram) ?? null
}

/** Where `go install` puts programs. */
function goFolders(): string[] {
  try {
    const path = execFileSync('go', ['env', 'GOPATH'], { encoding: 'utf8', stdio: 'pipe' })
    return path.trim().split(delimiter).map(bin)
  } catch {
    // Without Go on the PATH, its default.
    return [process.env['GOPATH'] ?? join(process.env['HOME'] ?? '', 'go')].map(bin)
  }
}

function bin(folder: string): string {
  return join(folder, 'bin')
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
