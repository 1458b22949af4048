import { escaped, type Markup } from './svg.ts'
import type { Table } from './table-form.ts'

/** A picture with its title and what it shows. */
export function figure(title: string, note: string, drawing: Markup): Markup {
  return `<figure><figcaption><h3>${escaped(title)}</h3><p>${escaped(note)}</p></figcaption>${drawing}</figure>`
}

export function table(source: Table): Markup {
  return `<div class="table"><h3>${escaped(source.title)}</h3><p class="note">${escaped(source.note)}</p>${plainTable(source)}</div>`
}

export function plainTable({ columns, rows }: Pick<Table, 'columns' | 'rows'>): Markup {
  const head = columns.map((text) => `<th scope="col">${escaped(text)}</th>`).join('')
  const body = rows.map(([name = '', ...figures]) => {
    const cells = figures.map((text) => `<td>${withSmallInterval(text)}</td>`).join('')
    return `<tr><th scope="row">${escaped(name)}</th>${cells}</tr>`
  })
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

/** An interval in brackets is set smaller than its figure. */
function withSmallInterval(text: string): Markup {
  return escaped(text).replace(/\([^)]*\)/, (interval) => `<small>${interval}</small>`)
}

export function definitions(facts: readonly (readonly [string, string])[]): Markup {
  const items = facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  return `<dl>${items.join('')}</dl>`
}

export function list(sentences: readonly string[]): Markup {
  return `<ul>${sentences.map((sentence) => `<li>${prose(sentence)}</li>`).join('')}</ul>`
}

/** A sentence in which no line breaks between a number and its unit. */
export function prose(text: string): Markup {
  return escaped(text).replace(/(\d) (%|×|ms|s\b)/g, '$1&nbsp;$2')
}
