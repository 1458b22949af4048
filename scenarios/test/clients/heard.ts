const patienceMs = 30_000

/** Collects what a client is told, in order, and lets a test wait until it has heard enough. */
export class Heard<Value> {
  readonly values: Value[] = []
  readonly #waiting = new Set<() => void>()
  #failure: unknown = null

  /** Takes what is told; bound, so that it can be handed to a client. */
  readonly take = (...values: readonly Value[]): void => {
    this.values.push(...values)
    for (const look of this.#waiting) look()
  }

  /** Takes a failure of the client: whoever waits, or will, is told. */
  readonly fail = (error: unknown): void => {
    this.#failure = error
    for (const look of this.#waiting) look()
  }

  /**
   * Resolves as soon as `isEnough` holds of all that was heard.
   * @throws what the client failed with, or Error when it does not hold within 30 s
   */
  async until(isEnough: (values: readonly Value[]) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      if (this.#failure !== null) reject(this.#failure)
      else if (isEnough(this.values)) resolve()
    }
    const timer = setTimeout(() => {
      const last = this.values.slice(-3).map(String).join(', ')
      reject(new Error(`not enough was heard: ${this.values.length}, at last ${last}`))
    }, patienceMs)
    this.#waiting.add(look)
    try {
      look()
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }
}

/** Whether each number is the one after the number before it. */
export function isGapless(numbers: readonly (bigint | number)[]): boolean {
  return numbers.every(
    (number, i) => i === 0 || BigInt(number) - 1n === BigInt(numbers[i - 1] ?? 0),
  )
}

/** Whether no number is left out; after a reorganisation numbers come again. */
export function isWithoutGap(numbers: readonly (bigint | number)[]): boolean {
  return numbers.every((number, i) => i === 0 || BigInt(number) - 1n <= BigInt(numbers[i - 1] ?? 0))
}

/** Whether each number is above the one before it. */
export function isRising(numbers: readonly (bigint | number)[]): boolean {
  return numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))
}

/** Whether nothing is told twice in a row; after a reorganisation a block may come again. */
export function isEachAnother(values: readonly string[]): boolean {
  return values.every((value, i) => value !== values[i - 1])
}

/** How often a number is not above the one before it: each time, the chain went back. */
export function stepsBack(numbers: readonly bigint[]): number {
  return numbers.filter((number, i) => i > 0 && number <= (numbers[i - 1] ?? 0n)).length
}

/** The highest of block numbers; 0 of none. */
export function highest(numbers: readonly bigint[]): bigint {
  let most = 0n
  for (const number of numbers) if (number > most) most = number
  return most
}

/** What a client is told of a log: once that it is there, and `removed` when its block is no more. */
type ToldLog = { readonly blockHash: string | null; readonly removed: boolean }

/** The logs that stand after all that was told: those that were taken back are left out. */
export function standing<Told extends ToldLog>(
  logs: readonly Told[],
  indexOf: (log: Told) => number | null,
): readonly Told[] {
  const left: Told[] = []
  for (const log of logs) {
    const isSame = (other: Told) =>
      other.blockHash === log.blockHash && indexOf(other) === indexOf(log)
    const at = log.removed ? left.findIndex(isSame) : -1
    if (at >= 0) left.splice(at, 1)
    else if (!log.removed) left.push(log)
  }
  return left
}
