import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { tableSection } from '../report/markdown.ts'
import { renderTable } from '../report/table.ts'
import { Ledger } from './ledger.ts'
import { summarize } from './summary.ts'
import { tablesOf } from './tables.ts'

/**
 * Makes `report.json` and `report.md` of a folder's slots.
 * @returns the same as text for a terminal
 */
export async function writeTrialReport(
  directory: string,
  baseline: string,
  rule: string,
  isColoured: boolean,
): Promise<string> {
  const { slots } = await Ledger.open(directory)
  const cells = summarize(slots, baseline)
  const tables = tablesOf(cells)
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`
  const notes = [machine, timesOf(slots), rule, ...(await capacities(directory))]
  const json = { notes, cells }
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(json, null, 2)}\n`)
  const markdown = [
    '# Strategies on real nodes',
    notes.map((note) => `- ${note}`).join('\n'),
    ...tables.map(tableSection),
  ]
  await writeFile(join(directory, 'report.md'), `${markdown.join('\n\n')}\n`)
  const text = tables.map((table) => renderTable(table, { isColoured }))
  return `${[...text, notes.join('\n')].join('\n\n')}\n`
}

function timesOf(slots: readonly { readonly startedAt: string }[]): string {
  const [first, last] = [slots[0], slots.at(-1)].map((slot) => slot?.startedAt.slice(0, 16) ?? '–')
  return `${slots.length} slots, from ${first} to ${last} UTC`
}

async function capacities(directory: string): Promise<readonly string[]> {
  const text = await readFile(join(directory, 'capacity.json'), 'utf8').catch(() => '') // None yet.
  return text === '' ? [] : [`capacity: ${text.replaceAll(/[\s"{}]+/g, ' ').trim()}`]
}
