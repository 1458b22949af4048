import { resolve } from 'node:path'

/** A command line that cannot be carried out: one line a problem, all of them. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

const longestMs = 3_600_000
const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
])

/**
 * Reads one flag after the other and gathers what is wrong, so that a user learns all of it at once.
 * What it answers for a wrong flag is NaN or the text itself; {@link FlagReader.close} throws then.
 */
export class FlagReader {
  readonly #problems: string[] = []

  refuse(problem: string): void {
    this.#problems.push(problem)
  }

  /** @throws UsageError when anything was wrong */
  close(): void {
    if (this.#problems.length > 0) throw new UsageError(this.#problems)
  }

  number(flag: string, text: string, min: number, max: number): number {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    this.refuse(`${flag} ${text}: want a number from ${min} to ${max}`)
    return Number.NaN
  }

  whole(flag: string, text: string, min: number, max: number): number {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    this.refuse(`${flag} ${text}: want a whole number from ${min} to ${max}`)
    return Number.NaN
  }

  /** `500ms`, `20s`, `1.5m`; at most an hour. */
  durationMs(flag: string, text: string, minMs: number): number {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
    const valueMs = digits === '' ? Number.NaN : Number(digits) * (unitMs.get(unit) ?? 1)
    if (valueMs >= minMs && valueMs <= longestMs) return valueMs
    this.refuse(`${flag} ${text}: want a time such as 500ms, 20s or 1m, from ${minMs}ms to 60m`)
    return Number.NaN
  }

  /** `512m`, `1.5g`, as Docker has it: powers of 1024. In bytes. */
  bytes(flag: string, text: string, min: number): number {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmg])$/.exec(text) ?? []
    const power = 'kmg'.indexOf(unit) + 1
    const bytes = digits === '' ? Number.NaN : Math.round(Number(digits) * 1024 ** power)
    if (bytes >= min) return bytes
    this.refuse(`${flag} ${text}: want a size such as 512m or 1g, from ${min / 1024 ** 2}m`)
    return Number.NaN
  }

  oneOf(flag: string, text: string, choices: Iterable<string>): string {
    const names = [...choices]
    if (!names.includes(text)) this.refuse(`${flag} ${text}: want one of ${names.join(', ')}`)
    return text
  }

  directory(flag: string, path: string): string {
    if (path === '') this.refuse(`${flag}: want a folder`)
    return resolve(path)
  }

  /** Items of a list with commas between, none empty. */
  items(flag: string, list: string): readonly string[] {
    const items = list.split(',').map((item) => item.trim())
    if (items.includes('')) this.refuse(`${flag} ${list}: an empty item in the list`)
    return items.filter((item) => item !== '')
  }

  /** The same, and no two alike. */
  names(flag: string, list: string): readonly string[] {
    const names = this.items(flag, list)
    this.distinct(flag, names)
    return names
  }

  distinct(flag: string, names: readonly string[]): void {
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) this.refuse(`${flag}: ${twice} is named twice`)
  }
}
