import { formatMoment, formatPercent, formatSpan } from './format.ts'
import type { Results } from './results.ts'

/** What was measured, with what, where and when: names and values for people. */
export function parameterFacts(results: Results): readonly (readonly [string, string])[] {
  const { parameters, workload, machine, versions } = results
  const targets = Object.entries(parameters.targets).map(([name, url]) => `${name} ${url}`)
  return [
    ['When', `${formatMoment(results.startedAt)} to ${formatMoment(results.finishedAt)}`],
    ['Command', results.command],
    ['Workload', `${parameters.workload}: ${workload.about}`],
    [
      'Arrivals',
      `${parameters.ratePerSecond} calls a second, open loop, Poisson; at most ${parameters.maxInFlight} under way, a call fails after ${formatSpan(parameters.timeoutMs)}`,
    ],
    [
      'Trials',
      `${results.trials.length} of ${parameters.contenders.length * parameters.repeats}: ${parameters.repeats} repeats of ${formatSpan(parameters.durationMs)} after ${formatSpan(parameters.warmupMs)} of warm-up, in an order drawn by seed ${parameters.seed}; a repeat has the same calls at the same times for all`,
    ],
    ['Fleet', targets.length > 0 ? targets.join(', ') : fleet(results)],
    [
      'Machine',
      `${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB; ${machine.system}`,
    ],
    [
      'Versions',
      `Equipoise ${versions.equipoise}, Node ${machine.node}${versions.client === null ? '' : `, nodes ${versions.client}`}`,
    ],
    [
      'Intervals',
      'bootstrap standard error over the repeats with Student’s t; latencies and ratios on logarithms',
    ],
  ]
}

/** Each kind of call of the workload with its class and its share. */
export function workloadFacts({ workload }: Results): readonly (readonly [string, string])[] {
  return workload.calls.map(
    ({ method, what, class: label, share }) =>
      [`${method}, ${what}`, `${formatPercent(share)}, ${label}`] as const,
  )
}

function fleet({ parameters }: Results): string {
  const limits =
    parameters.cpus.length === 0 ? 'without CPU limits' : `with ${parameters.cpus.join(', ')} cores`
  return `${parameters.nodes} nodes ${limits}, one proxy, restarted for each trial`
}
