import type { MethodRule } from '../rpc/methods/rule.ts'
import { unknownMethod } from '../rpc/methods.ts'
import { Correlation } from './disturbance.ts'
import type { Work } from './work.ts'

/**
 * Knows what calls cost before they are sent. Today it knows the method table's priors alone; what
 * it will learn from answers and reports goes in here, and nowhere else.
 */
export class Costs {
  /** How disturbances of nodes last, by resource: CPU in use, disk in use, CPU not given. */
  readonly correlations = {
    cpu: new Correlation(),
    disk: new Correlation(),
    lost: new Correlation(),
  } as const
  readonly #byMethod = new Map<string, Work>()

  /** The work of a call to `method`, by its rule. Methods of no table are one kind. */
  of(method: string, rule: MethodRule): Work {
    const key = rule === unknownMethod ? 'other' : method
    const known = this.#byMethod.get(key)
    if (known !== undefined) return known
    const kind = rule.access === 'write' ? 'write' : 'read'
    const work: Work = { key, kind, cpuMs: rule.cpuMs, diskMs: 0 }
    // Only methods with a rule of their own come here, so this map cannot outgrow the table.
    this.#byMethod.set(key, work)
    return work
  }

  /** The work of a batch: its calls run one after another on one node. */
  ofBatch(works: readonly Work[]): Work {
    let cpuMs = 0
    let diskMs = 0
    for (const work of works) {
      cpuMs += work.cpuMs
      diskMs += work.diskMs
    }
    return { key: 'batch', kind: 'read', cpuMs, diskMs }
  }
}
