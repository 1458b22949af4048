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

/** Where a function stands in the order of use. */
class Place {
  readonly callee: string
  readonly calls: FunctionCalls
  older: Place | null = null
  newer: Place | null = null
  isForgotten = false

  constructor(callee: string, calls: FunctionCalls) {
    this.callee = callee
    this.calls = calls
  }
}

/**
 * How the functions of contracts were called through the proxy, of at most so many: the one that was
 * not called for longest gives way to a new one, and what it counted goes to `other`, so that sums
 * stay right whoever calls what. A call costs 0.3 µs, of a function
 * never seen 2.4 µs (2026-11-21, Node 24, beside other work).
 */
export class ContractStats {
  readonly other = new FunctionCalls(otherFunction, otherFunction)
  readonly #places = new Map<string, Place>()
  /** The same by other spellings of their addresses: to lower one costs more than all the rest. */
  readonly #spellings = new Map<string, Place>()
  readonly #maxFunctions: number
  #newest: Place | null = null
  #oldest: Place | null = null
  /** Functions that gave way so far. */
  forgotten = 0

  /** @param limit above 0; `other` is not counted among them */
  constructor(limit: number = maxFunctions) {
    this.#maxFunctions = limit
  }

  /** Functions with room of their own, the one called last first. */
  *functions(): Generator<FunctionCalls> {
    for (let place = this.#newest; place !== null; place = place.older) yield place.calls
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
    const place = this.#places.get(callee) ?? this.#placeOf(callee)
    if (place === null) return
    if (place !== this.#newest) {
      this.#unlink(place)
      this.#putFirst(place)
    }
    const { calls } = place
    calls.calls += times
    if (isTransaction) calls.transactions += times
    if (isError) calls.errors += times
    calls.sumMs += tookMs * times
    if (tookMs < calls.minMs) calls.minMs = tookMs
    if (tookMs > calls.maxMs) calls.maxMs = tookMs
    calls.lastMs = nowMs
  }

  /** A block holds a transaction that called so. */
  mined(callee: string, gasUsed: number, isReverted: boolean): void {
    const calls = this.#places.get(callee.toLowerCase())?.calls ?? this.other
    calls.gasUsed += gasUsed
    calls.gasKnown += 1
    if (isReverted) calls.reverted += 1
  }

  /** An address is the same in any case. Null where it is none. */
  #placeOf(asWritten: string): Place | null {
    const spelt = this.#spellings.get(asWritten)
    if (spelt !== undefined && !spelt.isForgotten) return spelt
    const callee = asWritten.toLowerCase()
    const place = this.#places.get(callee) ?? this.#newPlace(callee)
    if (place === null || asWritten === callee) return place
    if (this.#spellings.size >= 2 * this.#maxFunctions) this.#spellings.clear()
    this.#spellings.set(asWritten, place)
    return place
  }

  #newPlace(callee: string): Place | null {
    if (!calleePattern.test(callee)) return null
    if (this.#places.size >= this.#maxFunctions) this.#forgetOldest()
    const digits = callee.slice(42)
    const selector = digits === 'constructor' ? digits : `0x${digits}`
    const place = new Place(callee, new FunctionCalls(callee.slice(0, 42), selector))
    this.#places.set(callee, place)
    this.#putFirst(place)
    return place
  }

  #forgetOldest(): void {
    const place = this.#oldest
    if (place === null) return
    this.#unlink(place)
    this.#places.delete(place.callee)
    place.isForgotten = true
    this.other.add(place.calls)
    this.forgotten += 1
  }

  #putFirst(place: Place): void {
    place.older = this.#newest
    place.newer = null
    if (this.#newest === null) this.#oldest = place
    else this.#newest.newer = place
    this.#newest = place
  }

  #unlink(place: Place): void {
    const { older, newer } = place
    if (newer === null) this.#newest = older
    else newer.older = older
    if (older === null) this.#oldest = newer
    else older.newer = newer
  }
}
