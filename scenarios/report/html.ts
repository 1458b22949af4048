import { caveats } from './caveats.ts'
import { latencyCurves } from './curve-chart.ts'
import { parameterFacts, workloadFacts } from './facts.ts'
import { formatMoment, formatSpan } from './format.ts'
import { seriesClass } from './frame.ts'
import { nodeCpu, nodeShares } from './node-chart.ts'
import { latencyRanges, ratioRanges } from './range-chart.ts'
import { reportStyle } from './style.ts'
import { allCalls, type Summary } from './summary.ts'
import { element, escaped, line, type Markup, picture } from './svg.ts'
import { reportTables, type Table } from './tables.ts'
import { trialTable } from './trial-table.ts'
import { headline, verdicts } from './verdict.ts'

/**
 * The whole report as one page that loads nothing from anywhere: style and pictures are inside, and
 * there is no script.
 */
export function renderHtml(summary: Summary): string {
  const title = `Equipoise: ${summary.results.parameters.workload}, ${formatMoment(summary.results.startedAt)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>
${reportStyle}
</style>
</head>
<body>
<main>
${[top(summary), comparison(summary), latencies(summary), nodes(summary), tables(summary), method(summary)].filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

function top(summary: Summary): Markup {
  const { parameters, trials, startedAt } = summary.results
  const load = `${parameters.workload}, ${parameters.ratePerSecond} calls a second, ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} of ${formatSpan(parameters.durationMs)}, ${formatMoment(startedAt)}`
  return `<header>
<p class="kind">Equipoise benchmark</p>
<h1>${prose(headline(summary))}</h1>
<p class="soft">${prose(load)}</p>
${legend(summary)}
</header>`
}

function legend({ contenders, results }: Summary): Markup {
  const items = contenders.map(({ name }, index) => {
    const kind = seriesClass(index)
    const swatch = picture(26, 8, name, line(0, 4, 26, 4, `curve ${kind}`))
    const role = name === results.parameters.baseline && contenders.length > 1 ? ' (baseline)' : ''
    return element('li', {}, swatch, escaped(`${name}${role}`))
  })
  return element('ul', { class: 'legend' }, ...items)
}

function comparison(summary: Summary): Markup {
  const sentences = verdicts(summary)
  const weighed = `<div class="card"><h3>What to weigh</h3>${list(caveats(summary))}</div>`
  if (sentences.length === 0) return weighed
  return `<h2>Against ${escaped(summary.results.parameters.baseline)}</h2>
<div class="grid">
${figure('How many times as long', 'Geometric mean of paired repeats; the line is its 95 % interval.', ratioRanges(summary))}
<div class="stack"><div class="card"><h3>In words</h3>${list(sentences)}</div>${weighed}</div>
</div>`
}

function latencies(summary: Summary): Markup {
  const { classes } = summary.results.workload
  const labels = classes.length > 1 ? [allCalls, ...classes] : [allCalls]
  const rows = labels.map(
    (name) => `<div class="grid">
${figure(`Distribution, ${name} calls`, 'Share of calls answered within a time; all repeats together.', latencyCurves(summary, name))}
${figure(`p50, p95 and p99, ${name} calls`, '○ p50, | p95, ● p99 with its 95 % interval over the repeats.', latencyRanges(summary, name))}
</div>`,
  )
  return `<h2>Latency</h2>\n${rows.join('\n')}`
}

function nodes(summary: Summary): Markup {
  if (summary.results.parameters.nodes === 0) return ''
  return `<h2>Nodes</h2>
<div class="grid">
${figure('Where the calls went', 'A node that gets its share of the capacity ends at its mark.', nodeShares(summary))}
${figure('How busy each node was', 'Mean over the measured windows, from the agent.', nodeCpu(summary))}
</div>`
}

function tables(summary: Summary): Markup {
  return `<h2>Figures</h2>
${reportTables(summary).map(table).join('\n')}`
}

function method(summary: Summary): Markup {
  const { results } = summary
  const commands =
    results.commands.length === 0
      ? ''
      : `<details><summary>Command lines of the fleet</summary><pre>${escaped(results.commands.join('\n'))}</pre></details>`
  return `<h2>How it was measured</h2>
<div class="card">
${definitions(parameterFacts(results))}
<details><summary>The calls of the workload</summary>${definitions(workloadFacts(results))}</details>
<details><summary>Every trial</summary>${plainTable(trialTable(results))}</details>
${commands}
</div>`
}

function figure(title: string, note: string, drawing: Markup): Markup {
  return `<figure><figcaption><h3>${escaped(title)}</h3><p>${escaped(note)}</p></figcaption>${drawing}</figure>`
}

function table(source: Table): Markup {
  return `<div class="table"><h3>${escaped(source.title)}</h3><p class="note">${escaped(source.note)}</p>${plainTable(source)}</div>`
}

function plainTable({ columns, rows }: Pick<Table, 'columns' | 'rows'>): Markup {
  const head = columns.map((text) => `<th scope="col">${escaped(text)}</th>`).join('')
  const body = rows.map(([name = '', ...figures]) => {
    const cells = figures.map((text) => `<td>${withSmallInterval(text)}</td>`).join('')
    return `<tr><th scope="row">${escaped(name)}</th>${cells}</tr>`
  })
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`
}

/** An interval in brackets is set smaller than its figure. */
function withSmallInterval(text: string): Markup {
  return escaped(text).replace(/\([^)]*\)/, (interval) => `<small>${interval}</small>`)
}

function definitions(facts: readonly (readonly [string, string])[]): Markup {
  const items = facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  return `<dl>${items.join('')}</dl>`
}

function list(sentences: readonly string[]): Markup {
  return `<ul>${sentences.map((sentence) => `<li>${prose(sentence)}</li>`).join('')}</ul>`
}

/** A sentence in which no line breaks between a number and its unit. */
function prose(text: string): Markup {
  return escaped(text).replace(/(\d) (%|×|ms|s\b)/g, '$1&nbsp;$2')
}
