/** Functions kept apart where nobody says otherwise: nine series of metrics each. */
export const maxFunctions = 256

/** Contract and function of what has no room of its own, or had it and was not called for long. */
export const otherFunction = 'other'

/** A contract in lower case and the four bytes that choose a function, or what creates the contract. */
const calleePattern = /^0x[0-9a-f]{40}(?:[0-9a-f]{8}|constructor)$/

/** How calls of one function of one contract went. Times in milliseconds. */
export class FunctionCalls {
  /** Address in lower case, or {@link otherFunction}. */
  readonly contract: string
  /** `0x` and eight digits, `constructor`, or {@link otherFunction}. */
  readonly selector: string
  /** Answered ones: `eth_call`, `eth_estimateGas` and raw transactions. */
  calls = 0
  /** Raw transactions among them. */
  transactions = 0
  /** Answered with an error: reverted, refused or failed. */
  errors = 0
  /** Transactions that a block holds and that failed there. */
  reverted = 0
  /** Gas that transactions used, and of how many it is known. */
  gasUsed = 0
  gasKnown = 0
  /** From the arrival of a call to its answer. */
  sumMs = 0
  minMs = Number.POSITIVE_INFINITY
  maxMs = 0
  /** When the last one was answered, on the proxy's clock. */
  lastMs = 0

  constructor(contract: string, selector: string) {
    this.contract = contract
    this.selector = selector
  }

  /** Takes over what `gone` counted. */
  add(gone: FunctionCalls): void {
    this.calls += gone.calls
    this.transactions += gone.transactions
    this.errors += gone.errors
    this.reverted += gone.reverted
    this.gasUsed += gone.gasUsed
    this.gasKnown += gone.gasKnown
    this.sumMs += gone.sumMs
    this.minMs = Math.min(this.minMs, gone.minMs)
    this.maxMs = Math.max(this.maxMs, gone.maxMs)
    this.lastMs = Math.max(this.lastMs, gone.lastMs)
  }
}

/** All of them together, as one function of the first one's contract. */
export function sumOf(functions: readonly FunctionCalls[]): FunctionCalls {
  const [first] = functions
  const sum = new FunctionCalls(first?.contract ?? otherFunction, otherFunction)
  for (const calls of functions) sum.add(calls)
  return sum
}

/**
 * How the functions of contracts were called through the proxy, of at most so many: the one that was
 * not called for longest gives way to a new one, and what it counted goes to `other`, so that sums
 * stay right whoever calls what.
 */
export class ContractStats {
  readonly other = new FunctionCalls(otherFunction, otherFunction)
  readonly #byCallee = new Map<string, FunctionCalls>()
  readonly #maxFunctions: number
  /** Functions that gave way so far. */
  forgotten = 0

  /** @param limit above 0; `other` is not counted among them */
  constructor(limit: number = maxFunctions) {
    this.#maxFunctions = limit
  }

  /** Functions with room of their own. */
  get functions(): Iterable<FunctionCalls> {
    return this.#byCallee.values()
  }

  /**
   * Calls were answered.
   * @param callee address and selector as they came, `0x` and 48 digits; others are not counted, for
   *   no function can be called so
   * @param tookMs each of them, from its arrival
   * @param nowMs on the proxy's clock
   */
  record(
    callee: string,
    isTransaction: boolean,
    isError: boolean,
    tookMs: number,
    nowMs: number,
    times = 1,
  ): void {
    const row = this.#byCallee.get(callee) ?? this.#rowOf(callee)
    if (row === null) return
    row.calls += times
    if (isTransaction) row.transactions += times
    if (isError) row.errors += times
    row.sumMs += tookMs * times
    if (tookMs < row.minMs) row.minMs = tookMs
    if (tookMs > row.maxMs) row.maxMs = tookMs
    row.lastMs = nowMs
  }

  /** A block holds a transaction that called so. */
  mined(callee: string, gasUsed: number, isReverted: boolean): void {
    const row = this.#byCallee.get(callee.toLowerCase()) ?? this.other
    row.gasUsed += gasUsed
    row.gasKnown += 1
    if (isReverted) row.reverted += 1
  }

  /** An address is the same in any case. Null where it is none. */
  #rowOf(asWritten: string): FunctionCalls | null {
    const callee = asWritten.toLowerCase()
    const had = this.#byCallee.get(callee)
    if (had !== undefined) return had
    if (!calleePattern.test(callee)) return null
    if (this.#byCallee.size >= this.#maxFunctions) this.#forgetOne()
    const digits = callee.slice(42)
    const selector = digits === 'constructor' ? digits : `0x${digits}`
    const row = new FunctionCalls(callee.slice(0, 42), selector)
    this.#byCallee.set(callee, row)
    return row
  }

  /** Looked for only when a new one comes: keeping an order would cost every call 0.1 µs. */
  #forgetOne(): void {
    let oldest: string | null = null
    let sinceMs = Number.POSITIVE_INFINITY
    for (const [callee, { lastMs }] of this.#byCallee) {
      if (lastMs >= sinceMs) continue
      oldest = callee
      sinceMs = lastMs
    }
    const gone = oldest === null ? undefined : this.#byCallee.get(oldest)
    if (oldest === null || gone === undefined) return
    this.other.add(gone)
    this.#byCallee.delete(oldest)
    this.forgotten += 1
  }
}
