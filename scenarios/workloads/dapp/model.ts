/** A transaction to a demo contract as people mean it. */
export type Write = {
  /** Index of its sender. */
  readonly sender: number
  readonly name: string
  readonly args: readonly Argument[]
  readonly valueWei: bigint
}

/** What functions of the demo contracts take; addresses and hashes are hex in lower case. */
export type Argument = bigint | string | readonly string[]

/** A question to a view function, and the answer that is right: values in order, structs as lists. */
export type Expectation = {
  readonly name: string
  readonly args: readonly Argument[]
  readonly values: readonly Expected[]
}

export type Expected = bigint | string | boolean | readonly Expected[]

/**
 * A demo contract, kept beside the chain: told what was sent, in the order in which blocks hold it, it
 * knows what the contract must say.
 */
export type Model = {
  /**
   * Carries a write out as the contract does.
   * @param from address of its sender, lower case
   * @returns false where the contract reverts; then nothing has changed
   */
  apply(write: Write, from: string): boolean
  /** All of the contract's state, as questions. */
  expectations(): Iterable<Expectation>
}
