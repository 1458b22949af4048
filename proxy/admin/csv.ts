/** A cell; null is an empty one. */
export type Cell = string | number | null

/** A table as RFC 4180 has it, with a line of names first. */
export function csvOf(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((row) => row.map(cell).join(','))
  return `${[names.join(','), ...lines].join('\r\n')}\r\n`
}

/** A quote before what a spreadsheet would run as a formula: the words come from elsewhere. */
function cell(value: Cell): string {
  const text = String(value ?? '')
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
