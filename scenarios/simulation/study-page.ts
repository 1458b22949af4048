import { reportStyle } from '../report/style.ts'
import { element, escaped, type Markup } from '../report/svg.ts'
import type { Table } from '../report/table-form.ts'

/** Tables as one page that loads nothing from anywhere. */
export function renderStudyPage(title: string, facts: string, tables: readonly Table[]): string {
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
<header>
<p class="kind">Equipoise simulation</p>
<h1>${escaped(title)}</h1>
<p class="soft">${escaped(facts)}</p>
</header>
${tables.map(table).join('\n')}
</main>
</body>
</html>
`
}

function table({ title, note, columns, rows }: Table): Markup {
  const head = columns.map((text) => element('th', { scope: 'col' }, escaped(text))).join('')
  const body = rows.map(([name = '', ...figures]) => {
    const cells = figures.map((text) => `<td>${escaped(text)}</td>`).join('')
    return `<tr>${element('th', { scope: 'row' }, escaped(name))}${cells}</tr>`
  })
  return `<div class="table"><h3>${escaped(title)}</h3><p class="note">${escaped(note)}</p><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}
