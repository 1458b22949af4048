import type { Table } from './table-form.ts'

export type TextStyle = {
  /** Whether to set bold and dim by ANSI escapes. */
  readonly isColoured: boolean
}

const gap = '  '

/** One table as lines for a terminal, columns aligned, the figures to the right. */
export function renderTable(table: Table, style: TextStyle): string {
  const lines = [table.columns, ...table.rows]
  const widths = table.columns.map((_, column) =>
    Math.max(...lines.map((cells) => [...(cells[column] ?? '')].length)),
  )
  const drawn = lines.map((cells) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, column === 0))
      .join(gap)
      .trimEnd(),
  )
  const [head = '', ...body] = drawn
  return [bold(table.title, style), dim(head, style), ...body].join('\n')
}

export function bold(text: string, { isColoured }: TextStyle): string {
  return isColoured ? `\u001b[1m${text}\u001b[22m` : text
}

export function dim(text: string, { isColoured }: TextStyle): string {
  return isColoured ? `\u001b[2m${text}\u001b[22m` : text
}

function pad(text: string, width: number, isName: boolean): string {
  const space = ' '.repeat(Math.max(0, width - [...text].length))
  return isName ? text + space : space + text
}
