import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where the Geth of this machine is: on the PATH or where `go install` puts programs; or null. */
export function gethBinary(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return [...folders, ...goFolders()].map((folder) => join(folder, 'geth')).find(isProgram) ?? null
}

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
