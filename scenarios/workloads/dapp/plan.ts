import type { Random } from '../../load/random.ts'
import type { Argument, Model, Write } from './model.ts'

/** One call of a plan, before it is encoded and signed. */
export type Step =
  | { readonly kind: 'write'; readonly write: Write }
  | { readonly kind: 'view'; readonly name: string; readonly args: readonly Argument[] }
  /** Events of the contract with this second topic. */
  | { readonly kind: 'events'; readonly topic: string }

/** Draws what users of a dApp do next. It keeps a model of its own, of what it has planned so far. */
export type Plan = {
  /**
   * The step of a row at a time of the load; null where nothing of that kind makes sense by then.
   * @param atMs when it falls due, growing from call to call
   */
  step(row: string, atMs: number): Step | null
}

/** One row of a dApp's mix. */
export type DappRow = {
  /**
   * What its plan knows it by: a function of the contract or, of every dApp, `head`, `nonce` (the
   * next of an account) and `lookup` (of a transaction sent before).
   */
  readonly row: string
  readonly class: string
  readonly weight: number
  readonly what: string
}

/** A demo contract and how it is used. */
export type Dapp<Kept extends Model> = {
  readonly name: string
  readonly about: string
  readonly contract: 'PrivateEquity' | 'Marbles'
  readonly classes: readonly string[]
  readonly rows: readonly DappRow[]
  /** Accounts that write. */
  readonly senders: number
  /** Asked in place of a row that makes no sense yet. */
  readonly fallback: string
  readonly model: () => Kept
  /** What is written before the load, stage by stage: each is mined before the next is sent. */
  readonly stages: readonly ((accounts: readonly string[], model: Kept) => readonly Write[])[]
  /**
   * @param model as the stages have left it; the plan's own from now on
   * @param settleMs after which a write is taken to be in a block
   */
  readonly plan: (options: PlanOptions<Kept>) => Plan
}

export type PlanOptions<Kept extends Model> = {
  readonly model: Kept
  readonly accounts: readonly string[]
  readonly random: Random
  readonly settleMs: number
}
