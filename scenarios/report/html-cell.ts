import { latencyCurves } from './curve-chart.ts'
import { workloadTable } from './facts.ts'
import { figure, list, plainTable, prose, table } from './html-parts.ts'
import { nodeCpu, nodeShares } from './node-chart.ts'
import { latencyRanges, ratioRanges } from './range-chart.ts'
import { latencyOverTime } from './series-chart.ts'
import { statePaths } from './state-chart.ts'
import { allCalls, type CellSummary } from './summary.ts'
import { escaped, type Markup } from './svg.ts'
import { cellTables } from './tables.ts'
import { loadInWords } from './terminal.ts'
import { trialTable } from './trial-table.ts'
import { cellHeadline, verdicts } from './verdict.ts'

/** One cell of the page. @param isOnly its verdict stands at the top of the page already */
export function cellSection(summary: CellSummary, isOnly: boolean): Markup {
  const { cell, contenders } = summary
  const head = `<section id="${anchorOf(summary)}"><h2>${escaped(cell.id)}</h2>
<p class="soft">${prose(loadInWords(summary))}</p>
${isOnly ? '' : `<p>${prose(cellHeadline(summary))}</p>`}`
  const parts = contenders.length === 0 ? [] : pictures(summary)
  return `${[head, ...parts, details(summary)].filter((part) => part !== '').join('\n')}\n</section>`
}

/** Where on the page a cell is. */
export function anchorOf({ cell }: CellSummary): string {
  return cell.id.replaceAll(/[^\w.-]+/g, '-')
}

function pictures(summary: CellSummary): readonly Markup[] {
  return [
    comparison(summary),
    latencies(summary),
    overTime(summary),
    nodes(summary),
    states(summary),
  ]
}

function comparison(summary: CellSummary): Markup {
  const sentences = verdicts(summary)
  if (sentences.length === 0) return ''
  return `<div class="grid">
${figure(`How many times as long as ${summary.results.parameters.baseline}`, 'Geometric mean of paired repeats; the line is its 95 % interval.', ratioRanges(summary))}
<div class="card"><h3>In words</h3>${list(sentences)}</div>
</div>`
}

function latencies(summary: CellSummary): Markup {
  const { classes } = summary.cell
  const labels = classes.length > 1 ? [allCalls, ...classes] : [allCalls]
  const rows = labels.map(
    (name) => `<div class="grid">
${figure(`Distribution, ${name} calls`, 'Share of calls answered within a time; all repeats together.', latencyCurves(summary, name))}
${figure(`p50, p95 and p99, ${name} calls`, '○ p50, | p95, ● p99 with its 95 % interval over the repeats.', latencyRanges(summary, name))}
</div>`,
  )
  return rows.join('\n')
}

function overTime(summary: CellSummary): Markup {
  const chart = latencyOverTime(summary)
  if (chart === '') return ''
  return `<div class="grid">
${figure('Latency over the time of a trial', 'Mean of all calls due in each step, geometric mean of the repeats. A line that climbs to the end: the queue was still growing.', chart)}
${summary.cell.profile === 'targets' ? '' : figure('Where the calls went', 'A node that gets its share of the capacity ends at its mark.', nodeShares(summary))}
</div>`
}

function nodes(summary: CellSummary): Markup {
  if (summary.cell.profile === 'targets') return ''
  return `<div class="grid">
${figure('How busy each node was', 'Mean over the measured windows, from the agent.', nodeCpu(summary))}
<div class="card"><h3>The calls</h3>${plainTable(workloadTable(summary.cell))}</div>
</div>`
}

function states({ contenders }: CellSummary): Markup {
  const drawn = contenders.flatMap(({ name, trials }) => {
    const path = trials.find((trial) => trial.path !== null)?.path ?? null
    return path === null
      ? []
      : [
          figure(
            name,
            'First repeat: CPU to the right, the largest pressure upward, in real time.',
            statePaths(path),
          ),
        ]
  })
  return drawn.length === 0
    ? ''
    : `<h3 class="between">Ways through the state space</h3>\n<div class="grid small">\n${drawn.join('\n')}\n</div>`
}

function details(summary: CellSummary): Markup {
  const figures =
    summary.contenders.length === 0 ? '' : cellTables(summary, true).map(table).join('\n')
  return `<details class="figures" open><summary>All figures</summary>
${figures}
</details>
<details><summary>Every trial</summary>${plainTable(trialTable(summary))}</details>`
}
