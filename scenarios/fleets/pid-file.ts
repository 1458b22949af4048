import { rename, writeFile } from 'node:fs/promises'

/** Whoever reads the file while it is written sees the old process id or the new, never a part. */
export async function writePidFile(file: string, pid: number): Promise<void> {
  await writeFile(`${file}.new`, `${pid}\n`)
  await rename(`${file}.new`, file)
}
