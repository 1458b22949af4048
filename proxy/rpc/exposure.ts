import { type MethodRule, refused } from './methods/rule.ts'
import { methods, namespaceOf, unknownMethod } from './methods.ts'

/** What an operator opens: as Geth's `--http.api`, and single methods against or beyond the table. */
export type ExposureOptions = {
  /** Namespaces, such as `eth`; `rpc` is always open, as in Geth. */
  readonly api: readonly string[]
  /** Methods opened one by one, even refused ones. */
  readonly allow: readonly string[]
  /** Methods closed one by one. */
  readonly deny: readonly string[]
}

/** Knows which methods clients may call, and by which rule each is routed. */
export class Exposure {
  readonly namespaces: readonly string[]
  readonly #open: ReadonlySet<string>
  readonly #rules = new Map<string, MethodRule>()

  constructor(options: ExposureOptions) {
    this.#open = new Set([...options.api, 'rpc'])
    this.namespaces = [...this.#open].sort()
    for (const [name, rule] of methods) {
      if (this.#open.has(namespaceOf(name) ?? '')) this.#rules.set(name, rule)
    }
    for (const name of options.allow) {
      const known = methods.get(name)
      this.#rules.set(
        name,
        known === undefined || known.access === 'refused' ? unknownMethod : known,
      )
    }
    for (const name of options.deny) this.#rules.set(name, refused())
  }

  /** The rule of a method, or null where it does not exist for clients. */
  ruleOf(method: string): MethodRule | null {
    const rule = this.#rules.get(method)
    if (rule !== undefined) return rule.access === 'refused' ? null : rule
    const namespace = namespaceOf(method)
    return namespace !== null && this.#open.has(namespace) ? unknownMethod : null
  }

  /** Names that are open and known: the bounded set of labels for metrics. */
  knownMethods(): readonly string[] {
    return [...this.#rules].filter(([, rule]) => rule.access !== 'refused').map(([name]) => name)
  }
}
