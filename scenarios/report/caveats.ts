import { leastRepeats } from '../measure/statistics.ts'
import { formatMs, formatPercent } from './format.ts'
import type { Trial } from './results.ts'
import type { Summary } from './summary.ts'

/** A generator later than this at p99 adds to what it measures. */
export const latestMs = 2
/** A generator whose one event loop is busier than this cannot keep its times. */
const busiestLoop = 0.9
/** More CPU than this used by others, in cores, disturbs a trial on a small machine. */
const mostForeignCores = 0.25

/** What a reader must weigh before believing the figures, a sentence each, the gravest first. */
export function caveats({ results, contenders }: Summary): readonly string[] {
  const { trials, parameters, machine, notes } = results
  const of = `of ${trials.length} trials`
  const late = trials.filter((trial) => trial.lateness.p99Ms > latestMs)
  const busy = trials.filter((trial) => trial.generator.loopBusy > busiestLoop)
  const disturbed = trials.filter((trial) => (trial.foreignCpuCores ?? 0) > mostForeignCores)
  const failing = contenders.filter(({ sent, succeeded }) => succeeded < sent)
  return [
    ...(results.complete ? [] : ['The run did not finish; this is what it had measured by then.']),
    ...notes,
    late.length > 0
      ? `The generator was late in ${late.length} ${of}: p99 above ${latestMs} ms, worst ${worst(late)} ms (${owners(late, contenders.length)}). Their latencies are too high by as much.`
      : '',
    busy.length > 0
      ? `The generator's event loop was more than ${formatPercent(busiestLoop, 0)} busy in ${busy.length} ${of} (${owners(busy, contenders.length)}).`
      : '',
    disturbed.length > 0
      ? `Other programs used more than ${mostForeignCores} cores in ${disturbed.length} ${of}, up to ${mostForeign(disturbed)} (${owners(disturbed, contenders.length)}).`
      : '',
    ...failing.map(
      ({ name, sent, succeeded, failures }) =>
        `${name} failed ${sent - succeeded} of ${sent} calls: ${[...failures].map(([kind, count]) => `${count} ${kind}`).join(', ')}.`,
    ),
    contenders.length > 1 && parameters.repeats < leastRepeats
      ? `Fewer than ${leastRepeats} repeats have no intervals: nothing here can be told from chance.`
      : '',
    contenders.length > 2
      ? `Each interval is right in 95 of 100 runs; with ${contenders.length - 1} comparisons, now and then one shows a difference by chance.`
      : '',
    parameters.nodes > 0
      ? `Nodes, proxy and generator shared the ${machine.cores} cores of one machine; on machines of their own the figures would differ.`
      : '',
  ].filter((line) => line !== '')
}

function worst(trials: readonly Trial[]): string {
  return formatMs(Math.max(...trials.map((trial) => trial.lateness.p99Ms)))
}

function mostForeign(trials: readonly Trial[]): string {
  return Math.max(...trials.map((trial) => trial.foreignCpuCores ?? 0)).toFixed(2)
}

function owners(trials: readonly Trial[], all: number): string {
  const names = [...new Set(trials.map(({ contender }) => contender))]
  return names.length === all && all > 1 ? 'every contender' : names.join(', ')
}
