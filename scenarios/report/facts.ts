import { formatMoment, formatMs, formatPercent, formatRate, formatSpan, unknown } from './format.ts'
import type { Cell, Results } from './results.ts'
import { rulesInWords } from './rules.ts'
import type { Table } from './table-form.ts'

/** What was measured, with what, where and when: names and values for people. */
export function parameterFacts(results: Results): readonly (readonly [string, string])[] {
  const { parameters, machine, versions, cells } = results
  const { rules, fleet } = parameters
  const client = versions.client === null ? '' : `, nodes ${versions.client}`
  const haproxy = versions.haproxy === null ? '' : `, HAProxy ${versions.haproxy}`
  const places = parameters.contenders.length * parameters.repeats * cells.length
  return [
    ['When', `${formatMoment(results.startedAt)} to ${formatMoment(results.finishedAt)}`],
    ['Command', results.command],
    ...cells.map(cellFact),
    [
      'Arrivals',
      `open loop, over ${parameters.transport === 'ws' ? 'WebSocket' : 'HTTP'}; at most ${parameters.maxInFlight} under way, a call fails after ${formatSpan(parameters.timeoutMs)}`,
    ],
    [
      'Trials',
      `${results.trials.filter(({ dropped }) => dropped === null).length} of ${places}: ${parameters.repeats} repeats of ${formatSpan(parameters.durationMs)} after ${formatSpan(parameters.warmupMs)} of warm-up, in an order drawn by seed ${parameters.seed}; a repeat has the same calls at the same times for all`,
    ],
    ['Rule', rulesInWords(rules, fleet !== null)],
    ['Fleet', fleetFact(results)],
    [
      'Machine',
      `${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB; ${machine.system}`,
    ],
    ['Versions', `Equipoise ${versions.equipoise}, Node ${machine.node}${client}${haproxy}`],
    [
      'Intervals',
      'bootstrap standard error over the repeats with Student’s t; latencies and ratios on logarithms',
    ],
  ]
}

/** Each kind of call of a cell's workload with its class, its share and its time on an idle node. */
export function workloadTable({ calls }: Cell): Pick<Table, 'columns' | 'rows'> {
  return {
    columns: ['call', 'class', 'share', 'idle ms'],
    rows: calls.map(({ method, what, class: label, share, idleMs }) => [
      `${method}, ${what}`,
      label,
      formatPercent(share),
      idleMs === null ? unknown : formatMs(idleMs),
    ]),
  }
}

function cellFact(cell: Cell): readonly [string, string] {
  const { id, about, ratePerSecond, capacity, load } = cell
  const share =
    capacity === null || load === null
      ? ''
      : `, ${load} of ${formatRate(capacity.perSecond)} answered under ${capacity.under} with 24 always under way`
  return [id, `${about}; ${formatRate(ratePerSecond)} calls a second${share}`]
}

function fleetFact({ parameters }: Results): string {
  const { fleet, profiles, targets } = parameters
  if (fleet === null) {
    return Object.entries(targets)
      .map(([name, url]) => `${name} ${url}`)
      .join(', ')
  }
  const kinds = profiles.map(({ name, about }) => `${name}: ${about}`).join('; ')
  return `${fleet}, one proxy that is switched from strategy to strategy. ${kinds}`
}
