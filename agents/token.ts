import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/**
 * Says whether an `Authorization` header shows the token in `file`. The file is read each time, so
 * that a token can be changed under a running agent: a reader asks once for a whole stream.
 * @throws Error when the file cannot be read, or is empty: then nobody gets in.
 */
export async function showsToken(header: string | undefined, file: string): Promise<boolean> {
  return isToken(/^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '', await readToken(file))
}

/** The token in a file. @throws Error when it cannot be read, or is empty */
export async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim()
  if (token === '') throw new Error('the token file is empty')
  return token
}

/** Compares in a time that tells nothing of where the two differ. */
export function isToken(shown: string, token: string): boolean {
  // Digests, because the comparison in constant time needs two of one length.
  return timingSafeEqual(digest(shown), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
