import { EventEmitter, once } from 'node:events'
import type { NodeReport } from '../../../agents/report.ts'
import { InFlight } from '../../balance/in-flight.ts'
import type { LoadMeter } from '../../balance/meter.ts'
import type { Clock } from '../../clock.ts'
import { Upstream } from '../upstream.ts'

/** A clock that a test moves. */
export type TestClock = { ms: number; nowMs(): number }

export function testClock(): TestClock {
  const clock = { ms: 0, nowMs: () => clock.ms }
  return clock
}

/** An upstream on a clock of the test's own; nothing is dialled before a call is sent. */
export function testUpstream(
  id: string,
  clock: Clock,
  { url = 'http://127.0.0.1:9', cores = null }: { url?: string; cores?: number | null } = {},
): Upstream {
  const options = { id, url: new URL(url), cores, connections: 1, maxAnswerBytes: 4096 }
  return new Upstream(options, new InFlight(), clock)
}

/** Least-connection that also says when it is told of a report. */
export class ListeningMeter extends InFlight implements LoadMeter {
  readonly #events = new EventEmitter()

  override report(report?: NodeReport): void {
    this.#events.emit('report', report)
  }

  async reported(): Promise<NodeReport> {
    const [report]: NodeReport[] = await once(this.#events, 'report')
    if (report === undefined) throw new Error('told of no report')
    return report
  }
}
