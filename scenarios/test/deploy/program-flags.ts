import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../../..')

/**
 * The flags that a program of ours names in its help, such as `--http.port`.
 * @param program its path from the root of the repository
 * @param words a command of it, or none
 */
export async function flagsOf(
  program: string,
  words: readonly string[],
): Promise<ReadonlySet<string>> {
  const args = [join(root, program), ...words, '--help']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return new Set([...stdout.matchAll(/^ {2}(--[a-z][a-z.-]*)/gm)].map(([, flag = '']) => flag))
}
