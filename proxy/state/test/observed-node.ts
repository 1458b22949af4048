import { Costs } from '../costs.ts'
import { NodeObserver } from '../node-observer.ts'
import { quotaReportOf, wallAtZeroMs } from './quota-report.ts'

/** An observer of a node that nobody has told of yet. */
export function observer(cores: number | null = null, costs = new Costs()): NodeObserver {
  return new NodeObserver({ cores, choice: 'auto', costs })
}

/** Reports each 250 ms up to `untilMs` that show `cores` in use. */
export function keepReporting(node: NodeObserver, untilMs: number, cores = 0): void {
  for (let ms = 0; ms <= untilMs; ms += 250) {
    node.report(quotaReportOf(ms, (cores * ms) / 1000), ms, wallAtZeroMs + ms)
  }
}
