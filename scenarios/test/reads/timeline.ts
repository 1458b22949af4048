import type { ChainBlock } from './cluster.ts'

/** One thing that a client was shown of the head. */
export type Shown = {
  readonly kind: 'height' | 'hash' | 'balance' | /** An answer that shows nothing. */ 'failure'
  /** Of a failure what came, in words. */
  readonly value: number | string
}

/**
 * The heads that one node has, one after another. The account that is watched gets one wei with each
 * transaction from the first head on.
 */
export class Timeline {
  readonly #steps = new Map<string, number[]>()
  readonly #balances = new Map<string, number>()
  readonly #heights = new Map<string, number>()

  constructor(heads: readonly ChainBlock[]) {
    const [first] = heads
    if (first === undefined) throw new RangeError('a timeline has at least one head')
    this.#balances.set(first.hash, 0)
    for (const [step, head] of heads.entries()) {
      this.#heights.set(head.hash, head.number)
      this.#add(step, 'height', head.number)
      this.#add(step, 'hash', head.hash)
      this.#add(step, 'balance', this.#balanceAt(head))
    }
  }

  /**
   * Judges by what each client saw, in order. Wrong is what no one node could have shown: what is
   * only in heads before the one that was shown last. And, since no reorganisation here ends below
   * the height it began at, any height below one that was shown.
   * @returns what is wrong, in words
   */
  wrongs(clients: readonly (readonly Shown[])[]): readonly string[] {
    return clients.flatMap((shown, client) => {
      let reached = 0
      let highest = 0
      return shown.flatMap(({ kind, value }, i) => {
        const name = `client ${client}, answer ${i}: ${kind} ${value}`
        const steps = this.#steps.get(`${kind} ${value}`) ?? []
        if (steps.length === 0) return [`${name} is of no head`]
        const height = kind === 'height' ? Number(value) : this.#heights.get(String(value))
        const isLower = height !== undefined && height < highest
        highest = Math.max(highest, height ?? 0)
        // The earliest that is possible leaves most room for what comes after.
        const step = steps.find((one) => one >= reached)
        reached = step ?? reached
        if (isLower) return [`${name} is below ${highest}, which was shown before`]
        return step === undefined ? [`${name} was gone: step ${reached} was shown before`] : []
      })
    })
  }

  #balanceAt(block: ChainBlock): number {
    const known = this.#balances.get(block.hash)
    if (known !== undefined) return known
    if (block.parent === null) throw new RangeError('below the first head')
    const balance = this.#balanceAt(block.parent) + block.transactions
    this.#balances.set(block.hash, balance)
    return balance
  }

  #add(step: number, kind: string, value: number | string): void {
    const steps = this.#steps.get(`${kind} ${value}`) ?? []
    steps.push(step)
    this.#steps.set(`${kind} ${value}`, steps)
  }
}
