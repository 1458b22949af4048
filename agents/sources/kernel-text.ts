/** How the kernel writes numbers. Each gives undefined for what is not there, never 0. */

/** The number after `key` at the start of a line: `field('usage_usec 12\n…', 'usage_usec')` is 12. */
export function field(text: string, key: string): number | undefined {
  const at = startOfLine(text, `${key} `)
  return at === -1 ? undefined : numberAt(text, at + key.length + 1)
}

/** A number of kB after `key:`, in bytes: `/proc/meminfo`, `/proc/PID/status`. */
export function fieldInKb(text: string, key: string): number | undefined {
  const at = startOfLine(text, `${key}:`)
  if (at === -1) return undefined
  const kb = numberAt(text, at + key.length + 1)
  return kb === undefined ? undefined : kb * 1024
}

/** The text after `key:` to the end of its line, without the blanks around it. */
export function textField(text: string, key: string): string | undefined {
  const at = startOfLine(text, `${key}:`)
  if (at === -1) return undefined
  const end = text.indexOf('\n', at)
  return text.slice(at + key.length + 1, end === -1 ? undefined : end).trim()
}

/** A file that is one number: `memory.current`. `max` and −1 mean no limit and give undefined. */
export function soleNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberAt(text, 0)
}

/** Seconds of `total=` in the line `some` or `full` of a pressure file, which counts microseconds. */
export function pressureS(text: string | undefined, line: 'some' | 'full'): number | undefined {
  if (text === undefined) return undefined
  const start = startOfLine(text, `${line} `)
  if (start === -1) return undefined
  const total = text.indexOf(' total=', start)
  if (total === -1) return undefined
  const us = numberAt(text, total + 7)
  return us === undefined ? undefined : us / 1e6
}

/** How many numbers a list such as `0-3,8` names; undefined when it names none. */
export function countOfList(list: string | undefined): number | undefined {
  if (list === undefined) return undefined
  let count = 0
  for (const range of list.trim().split(',')) {
    const [from, to] = range.split('-').map((end) => numberAt(end, 0))
    if (from !== undefined) count += (to ?? from) - from + 1
  }
  return count > 0 ? count : undefined
}

function startOfLine(text: string, start: string): number {
  if (text.startsWith(start)) return 0
  const at = text.indexOf(`\n${start}`)
  return at === -1 ? -1 : at + 1
}

/** The digits at `at`, after blanks. A sign, a word or nothing there is no number. */
function numberAt(text: string, at: number): number | undefined {
  let from = at
  while (text[from] === ' ' || text[from] === '\t') from += 1
  let to = from
  while (isDigit(text.charCodeAt(to))) to += 1
  return to === from ? undefined : Number(text.slice(from, to))
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
