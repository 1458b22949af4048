/** Lines kept, and characters of one. */
const keptLines = 500
const keptLength = 400

/** Lines from some place in a log on, and the place to go on from. */
export type LogPart = { readonly lines: readonly string[]; readonly next: number }

/** The last 500 lines of what a node said, each cut at 400 characters. */
export class LogRing {
  readonly #lines: string[] = []
  #next = 0

  push(line: string): void {
    this.#lines.push(line.slice(0, keptLength))
    this.#next += 1
    if (this.#lines.length > keptLines) this.#lines.shift()
  }

  /** What was said from line number `from` on, as far as it is kept; lines are numbered from 0. */
  since(from: number): LogPart {
    const dropped = this.#next - this.#lines.length
    return { lines: this.#lines.slice(Math.max(0, from - dropped)), next: this.#next }
  }

  /** The last `count` lines. */
  last(count: number): LogPart {
    return this.since(Math.max(0, this.#next - count))
  }
}
