import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/**
 * Says whether an `Authorization` header shows the token in `file`. The file is read each time, so
 * that a token can be changed under a running agent: a reader asks once for a whole stream.
 * @throws Error when the file cannot be read, or is empty: then nobody gets in.
 */
export async function showsToken(header: string | undefined, file: string): Promise<boolean> {
  const token = (await readFile(file, 'utf8')).trim()
  if (token === '') throw new Error('the token file is empty')
  const shown = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? ''
  // Digests, because the comparison in constant time needs two of one length.
  return timingSafeEqual(digest(shown), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
