import { type AbiNames, noNames, readAbis } from './abi.ts'
import type { Clock } from './clock.ts'
import { type ContractStats, type FunctionCalls, sumOf } from './stats/contract-stats.ts'

/** How one function was called through the proxy since it started. */
export type FunctionRow = {
  /** `0x` and eight digits, `constructor`, or `other`. */
  readonly selector: string
  /** Such as `transfer(address,uint256)`; null where no ABI has it. */
  readonly signature: string | null
  /** Answered calls; raw transactions among them; answered with an error. */
  readonly calls: number
  readonly transactions: number
  readonly errors: number
  /** Transactions that a block holds and that failed there. */
  readonly reverted: number
  /** Gas that transactions used; of how many it is known. */
  readonly gasUsed: number
  readonly gasKnown: number
  /** From the arrival of a call to its answer; null before the first. */
  readonly responseMs: { readonly min: number; readonly mean: number; readonly max: number } | null
  /** When the last call was answered, ISO 8601; null before the first. */
  readonly lastAt: string | null
}

/** A contract with the functions of it that were called; the sums are over these. */
export type ContractRow = Omit<FunctionRow, 'selector' | 'signature'> & {
  /** Address in lower case, or `other` for all that had to give way to newer ones. */
  readonly contract: string
  /** From the ABIs; null where they do not tell. */
  readonly name: string | null
  readonly functions: readonly FunctionRow[]
}

/**
 * What `stats` counts, under the names that the ABIs in `folder` give; without a folder there are none.
 * @throws AbiError when the folder cannot be used
 */
export function namedContracts(
  stats: ContractStats,
  clock: Clock,
  folder: string | undefined,
): Contracts {
  return new Contracts(stats, clock, folder === undefined ? noNames : readAbis(folder))
}

/** Contracts as they were called, under the names that their ABIs give them. */
export class Contracts {
  readonly stats: ContractStats
  readonly #names: AbiNames
  readonly #clock: Clock
  readonly #wallMs: () => number

  constructor(
    stats: ContractStats,
    clock: Clock,
    names: AbiNames = noNames,
    wallMs: () => number = Date.now,
  ) {
    this.stats = stats
    this.#names = names
    this.#clock = clock
    this.#wallMs = wallMs
  }

  /** The signature of a function, or its selector where no ABI has it. */
  label(selector: string): string {
    return this.#names.signatureOf(selector) ?? selector
  }

  /** Milliseconds since 1970 of a moment on the proxy's clock. */
  wallMsOf(ms: number): number {
    return this.#wallMs() - (this.#clock.nowMs() - ms)
  }

  /** The contracts, the one with most calls first; `other` last, once there is anything in it. */
  rows(): readonly ContractRow[] {
    const byContract = new Map<string, FunctionCalls[]>()
    for (const row of this.stats.functions()) {
      const functions = byContract.get(row.contract)
      if (functions === undefined) byContract.set(row.contract, [row])
      else functions.push(row)
    }
    const rows = Array.from(byContract, ([contract, functions]) => this.#row(contract, functions))
    rows.sort((one, another) => another.calls - one.calls)
    const { other, forgotten } = this.stats
    return forgotten === 0 ? rows : [...rows, this.#row(other.contract, [other])]
  }

  #row(contract: string, functions: readonly FunctionCalls[]): ContractRow {
    const selectors = functions.map(({ selector }) => selector)
    const rows = functions.map((calls) => this.#function(calls))
    rows.sort((one, another) => another.calls - one.calls)
    return {
      contract,
      name: this.#names.contractOf(contract, selectors),
      ...this.#figures(sumOf(functions)),
      functions: rows,
    }
  }

  #function(calls: FunctionCalls): FunctionRow {
    const { selector } = calls
    const signature = this.#names.signatureOf(selector)
    return { selector, signature, ...this.#figures(calls) }
  }

  #figures(of: FunctionCalls): Omit<FunctionRow, 'selector' | 'signature'> {
    const { calls, transactions, errors, reverted, gasUsed, gasKnown } = of
    const isCalled = calls > 0
    return {
      calls,
      transactions,
      errors,
      reverted,
      gasUsed,
      gasKnown,
      responseMs: isCalled ? { min: of.minMs, mean: of.sumMs / calls, max: of.maxMs } : null,
      lastAt: isCalled ? new Date(this.wallMsOf(of.lastMs)).toISOString() : null,
    }
  }
}
