import { GoScanner } from './go-scanner.ts'

/**
 * What is wrong with the first JSON value of `bytes`, in the words of Go's `encoding/json`; null when
 * nothing is wrong but that it may end too early.
 */
export function goSyntaxError(bytes: Uint8Array): string | null {
  const scanner = new GoScanner()
  for (const c of bytes) {
    const scanned = scanner.take(c)
    if (scanned !== 'more') return scanner.problem
  }
  return null
}
