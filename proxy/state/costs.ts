import type { MethodRule } from '../rpc/methods/rule.ts'
import { unknownMethod } from '../rpc/methods.ts'
import { Correlation } from './disturbance.ts'
import { LearnedWork } from './learned-work.ts'
import { ResourceShares, type UseWindow } from './resource-shares.ts'
import type { Work, WorkKind } from './work.ts'

/** Keys that are more than a method, at most; of more, one that was not used lately is forgotten. */
const maxRefined = 512

/** Methods that have a number of their own, for arrays by method. */
export const maxIndexed = 64

/** A step of {@link Costs.overhead} and {@link Costs.draw}, and the least and the most of each. */
const step = 0.005
const overheadBounds = [0.7, 1.5] as const
const drawBounds = [0.4, 1.2] as const

/** Of {@link Costs.witnessed}: steps down, a third of those up, end at the third quartile. */
const witnessStep = 0.02
const witnessBounds = [0.02, 1] as const

/** Traces and scans of whole blocks: for indexers and explorers, which wait for nobody's click. */
const background = new Set([
  'debug_accountRange',
  'debug_executionWitness',
  'debug_intermediateRoots',
  'debug_traceBlock',
  'debug_traceBlockByHash',
  'debug_traceBlockByNumber',
  'trace_block',
  'trace_filter',
  'trace_replayBlockTransactions',
])

/**
 * Knows what calls cost before they are sent: the method table's figures first, then medians of
 * what calls took on nodes that were left alone. One for a fleet: all its nodes teach it.
 */
export class Costs {
  /** How disturbances of nodes last, by resource: CPU in use, disk in use, CPU not given. */
  readonly correlations = {
    cpu: new Correlation(),
    disk: new Correlation(),
    lost: new Correlation(),
  } as const
  /**
   * CPU that nodes use for each millisecond that calls are said to cost: what runs beside the call
   * (garbage collection, a reply's compression) shows in no latency. The median of all reports, so
   * that a neighbour of one node is not booked on our calls. In [0.7, 1.5].
   */
  overhead = 1
  /**
   * CPU that nodes under a quota use for each millisecond in which calls are believed to have run on
   * them. Costs are learned from latencies, in which a host that is busy elsewhere is waited for: those
   * waits use no quota. The median of all reports, in [0.4, 1.2]; measured on Geths: 0.7.
   */
  draw = 1
  /**
   * CPU that agents see for each millisecond that calls are said to cost, where they see much: the
   * third quartile of all reports, in [0.02, 1]. Small where all calls are so light that their
   * latency is not their work; an agent that sees far less than the others is another matter.
   */
  witnessed = 1
  readonly #shares = new ResourceShares()
  readonly #byIndex: LearnedWork[] = []
  readonly #methods = new Map<string, LearnedWork>()
  readonly #refined = new Map<string, LearnedWork>()

  /**
   * The work of a call. Methods of no table are one kind.
   * @param refinement what tells it from cheaper and dearer calls of its method: `refinementOf`
   */
  of(name: string, rule: MethodRule, refinement = ''): Work {
    const method = this.#method(name, rule)
    if (refinement === '') return method
    const key = `${method.key}/${refinement}`
    const known = this.#refined.get(key)
    if (known !== undefined) {
      known.isUsed = true
      known.publish()
      return known
    }
    if (this.#refined.size >= maxRefined) this.#forgetOne()
    const work = new LearnedWork(key, method.kind, 0, method.index, method)
    this.#refined.set(key, work)
    return work
  }

  /**
   * The work of a batch: its calls run one after another on one node. It must not wait where one of them
   * must not, and nobody waits for it where nobody waits for any.
   */
  ofBatch(works: readonly Work[]): Work {
    let cpuMs = 0
    let diskMs = 0
    let kind: WorkKind = 'background'
    for (const work of works) {
      cpuMs += work.cpuMs
      diskMs += work.diskMs
      if (work.kind === 'write' || (work.kind === 'read' && kind === 'background')) kind = work.kind
    }
    return { key: 'batch', kind, cpuMs, diskMs }
  }

  /** A node used `usedMs` of CPU in a window in which our calls are said to have cost `saidMs`. */
  observe(usedMs: number, saidMs: number): void {
    this.overhead = stepped(this.overhead, usedMs > saidMs * this.overhead, overheadBounds)
    const isMore = usedMs > saidMs * this.witnessed
    this.witnessed = moved(this.witnessed, isMore ? 3 * witnessStep : -witnessStep, witnessBounds)
  }

  /** A node used `usedMs` of CPU in a window in which calls are believed to have run for `ranMs`. */
  observeDraw(usedMs: number, ranMs: number): void {
    this.draw = stepped(this.draw, usedMs > ranMs * this.draw, drawBounds)
  }

  /** A node used this much in a window in which these calls ended there. */
  observeUse(window: UseWindow): void {
    this.#shares.observe(window, this.#byIndex)
  }

  /** Every key that is known now, with its figures. */
  known(): readonly LearnedWork[] {
    return [...this.#methods.values(), ...this.#refined.values()]
  }

  #method(name: string, rule: MethodRule): LearnedWork {
    const key = rule === unknownMethod ? 'other' : name
    const known = this.#methods.get(key)
    if (known !== undefined) return known
    const index = this.#methods.size < maxIndexed ? this.#methods.size : -1
    const work = new LearnedWork(key, kindOf(key, rule), rule.cpuMs, index, null)
    // Only methods with a rule of their own come here, so this map cannot outgrow the table.
    this.#methods.set(key, work)
    if (index >= 0) this.#byIndex.push(work)
    return work
  }

  /** Second chance: what was used since it was last looked at goes to the end of the line. */
  #forgetOne(): void {
    for (const [key, work] of this.#refined) {
      this.#refined.delete(key)
      if (!work.isUsed) return
      work.isUsed = false
      this.#refined.set(key, work)
    }
  }
}

/** A running median after one more sample, which it was below or not. */
function stepped(median: number, isBelow: boolean, bounds: readonly [number, number]): number {
  return moved(median, isBelow ? step : -step, bounds)
}

function moved(figure: number, by: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, figure * Math.exp(by)))
}

function kindOf(method: string, rule: MethodRule): WorkKind {
  if (rule.access === 'write') return 'write'
  return background.has(method) ? 'background' : 'read'
}
