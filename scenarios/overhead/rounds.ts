import { quantile } from '../measure/statistics.ts'
import type { Shape } from './shape.ts'
import type { Slot } from './slot.ts'

/** One slot of every contender, by name, measured one after the other. */
export type Round = Map<string, Slot>

/** Ratios are made of these to every other that has CPU of its own. */
const ours = 'equipoise'

/** All rounds of one shape as Markdown: medians with their range, and ratios round by round. */
export function roundsTable(shape: Shape, rounds: readonly Round[]): string {
  const title = `${shape.name}: ${shape.about}`
  const [first] = rounds
  if (first === undefined) return `${title}: every round was disturbed by other work\n\n`
  const rows = [...first.keys()].map((name) => {
    const slots = rounds.flatMap((round) => round.get(name) ?? [])
    const column = (key: keyof Slot, digits: number, per = 1): string =>
      span(
        slots.map((slot) => slot[key] / per),
        digits,
      )
    const cpu = shape.calls === 1 ? [] : [column('cpuUs', 2, shape.calls)]
    return [
      name,
      column('cpuUs', 1),
      ...cpu,
      column('requestsPerSecond', 0),
      column('p50Ms', 2),
      column('p99Ms', 2),
    ]
  })
  const perCall = shape.calls === 1 ? [] : [`µs per call (÷${shape.calls})`]
  const heads = ['', 'CPU µs per request', ...perCall, 'requests/s', 'p50 ms', 'p99 ms']
  const lines = [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  const ratios = [...first]
    .filter(([name, slot]) => name !== ours && slot.cpuUs > 0)
    .map(
      ([name]) =>
        `${ours} ÷ ${name} ${span(
          rounds.map((round) => ratio(round, name)),
          2,
        )}`,
    )
  const note = `CPU, round by round: ${ratios.join(', ')} (median, range; ${rounds.length} rounds)`
  return [title, '', ...lines, '', note, '', ''].join('\n')
}

function ratio(round: Round, rival: string): number {
  return (round.get(ours)?.cpuUs ?? Number.NaN) / (round.get(rival)?.cpuUs ?? Number.NaN)
}

/** `median (min–max)`; a dash where nothing was measured. */
function span(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length === 0 || sorted.some(Number.isNaN)) return '–'
  const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0].map((end) => end.toFixed(digits))
  return `${quantile(sorted, 0.5).toFixed(digits)} (${min}–${max})`
}
