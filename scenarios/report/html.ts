import { caveats } from './caveats.ts'
import { parameterFacts } from './facts.ts'
import { formatMoment, formatSpan } from './format.ts'
import { seriesClass } from './frame.ts'
import { anchorOf, cellSection } from './html-cell.ts'
import { definitions, list, prose, table } from './html-parts.ts'
import { overviewTables } from './overview.ts'
import { reportStyle } from './style.ts'
import type { Summary } from './summary.ts'
import { element, escaped, line, type Markup, picture } from './svg.ts'
import { headline } from './verdict.ts'

/**
 * The whole report as one page that loads nothing from anywhere: style and pictures are inside, and
 * there is no script.
 */
export function renderHtml(summary: Summary): string {
  const { results, cells } = summary
  const name = [...new Set(cells.map(({ cell }) => cell.workload))].join(', ')
  const title = `Equipoise: ${name}, ${formatMoment(results.startedAt)}`
  const sections = cells.map((cell) => cellSection(cell, cells.length === 1))
  const parts = [top(summary), overview(summary), ...sections, method(summary)]
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
${parts.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

function top(summary: Summary): Markup {
  const { parameters, trials, startedAt } = summary.results
  const counted = trials.filter(({ dropped }) => dropped === null).length
  const load = `${counted} ${counted === 1 ? 'trial' : 'trials'} of ${formatSpan(parameters.durationMs)} under ${summary.cells.length} ${summary.cells.length === 1 ? 'condition' : 'conditions'}, ${formatMoment(startedAt)}`
  return `<header>
<p class="kind">Equipoise benchmark</p>
<h1>${prose(headline(summary))}</h1>
<p class="soft">${prose(load)}</p>
${legend(summary)}
</header>`
}

/** Contenders have the same colour in every cell: their place on the command line. */
function legend({ results }: Summary): Markup {
  const { contenders, baseline } = results.parameters
  const items = contenders.map((name, index) => {
    const swatch = picture(26, 8, name, line(0, 4, 26, 4, `curve ${seriesClass(index)}`))
    const role = name === baseline && contenders.length > 1 ? ' (baseline)' : ''
    return element('li', {}, swatch, escaped(`${name}${role}`))
  })
  return element('ul', { class: 'legend' }, ...items)
}

function overview(summary: Summary): Markup {
  const weighed = `<div class="card"><h3>What to weigh</h3>${list(caveats(summary))}</div>`
  if (summary.cells.length < 2) return weighed
  const links = summary.cells.map(
    (cell) => `<li><a href="#${anchorOf(cell)}">${escaped(cell.cell.id)}</a></li>`,
  )
  return `<h2>All conditions</h2>
${overviewTables(summary).map(table).join('\n')}
${weighed}
<nav><ul class="legend">${links.join('')}</ul></nav>`
}

function method({ results }: Summary): Markup {
  const commands =
    results.commands.length === 0
      ? ''
      : `<details><summary>Command lines of the fleet</summary><pre>${escaped(results.commands.join('\n'))}</pre></details>`
  return `<h2>How it was measured</h2>
<div class="card">
${definitions(parameterFacts(results))}
${commands}
</div>`
}
