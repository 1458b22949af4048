import type { Turn } from './compare.ts'

/** A place to draw on: standard error, most of the time. */
export type ProgressStream = {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const redrawMs = 250
const barWidth = 24
const eraseLine = '\r\u001b[2K'

/**
 * Shows how far a run is: on a terminal one line with a bar and the time left, redrawn in place; in a
 * pipe one plain line for each step.
 */
export class Progress {
  readonly #stream: ProgressStream
  readonly #timer: NodeJS.Timeout | null
  readonly #isLive: boolean
  #turn: Turn | null = null
  #slotMs = 0
  #slotStartedMs = 0
  #text = ''

  constructor(stream: ProgressStream) {
    this.#stream = stream
    this.#isLive = stream.isTTY === true
    this.#timer = this.#isLive ? setInterval(() => this.#draw(), redrawMs) : null
    this.#timer?.unref()
  }

  /** Says one thing that stays: on a terminal above the bar. */
  tell(line: string): void {
    if (!this.#isLive) {
      this.#stream.write(`${line}\n`)
      return
    }
    this.#stream.write(`${eraseLine}${line}\n`)
    this.#draw()
  }

  /** @param expectedMs how long a trial like this takes */
  begin(turn: Turn, expectedMs: number): void {
    this.#turn = turn
    this.#slotMs = expectedMs
    this.#slotStartedMs = performance.now()
    const { contender, repeat, cell } = turn.slot
    this.#text = `${contender.name}, repeat ${repeat + 1}, ${cell.id}`
    if (this.#isLive) this.#draw()
    else this.#stream.write(`trial ${turn.number} of ${turn.of}: ${this.#text}\n`)
  }

  /** Removes the bar; nothing is drawn any more. */
  close(): void {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#turn = null
    this.#stream.write(eraseLine)
  }

  #draw(): void {
    const turn = this.#turn
    if (turn === null) return
    const inSlot = Math.min(1, (performance.now() - this.#slotStartedMs) / this.#slotMs)
    const done = (turn.number - 1 + inSlot) / turn.of
    const leftMs = (1 - done) * turn.of * this.#slotMs
    const line = progressLine(done, leftMs, `${turn.number}/${turn.of} ${this.#text}`)
    this.#stream.write(`${eraseLine}${line.slice(0, (this.#stream.columns ?? 80) - 1)}`)
  }
}

/**
 * A bar, the share done, the time left and what is being done.
 * @param done in [0, 1]
 */
export function progressLine(done: number, leftMs: number, what: string): string {
  const filled = Math.round(done * barWidth)
  const bar = '━'.repeat(filled) + '╌'.repeat(barWidth - filled)
  const percent = `${Math.floor(done * 100)} %`.padStart(5)
  const left = Math.ceil(leftMs / 1000)
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return `${bar} ${percent}  ${clock} left  ${what}`
}
