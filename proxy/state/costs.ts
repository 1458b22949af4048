import type { MethodRule } from '../rpc/methods/rule.ts'

/** What one call (or one batch) will use of a node. Made once a call, shared, never changed. */
export type Work = {
  /** Milliseconds of CPU on an idle core; above 0. */
  readonly cpuMs: number
}

/**
 * Knows what calls cost before they are sent. Today it knows the method table's priors alone; what
 * it will learn from answers and reports goes in here, and nowhere else.
 */
export class Costs {
  readonly #byRule = new Map<MethodRule, Work>()

  /** The work of a call by its method's rule. */
  of(rule: MethodRule): Work {
    const known = this.#byRule.get(rule)
    if (known !== undefined) return known
    const work: Work = { cpuMs: rule.cpuMs }
    // Rules are rows of a fixed table, so this map cannot outgrow it.
    this.#byRule.set(rule, work)
    return work
  }

  /** The work of a batch: its calls run one after another on one node. */
  ofBatch(rules: readonly MethodRule[]): Work {
    let cpuMs = 0
    for (const rule of rules) cpuMs += rule.cpuMs
    return { cpuMs }
  }
}
