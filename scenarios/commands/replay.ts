import { Command } from 'commander'
import { type StrategyChoice, strategyText } from '../../proxy/index.ts'
import { FlagReader, UsageError } from '../flags.ts'
import { formatMs, formatPercent } from '../report/format.ts'
import { dim, renderTable } from '../report/table.ts'
import type { Table } from '../report/table-form.ts'
import { type ProxyRecord, readRecord } from '../simulation/record-file.ts'
import { type Replayed, replay } from '../simulation/replay.ts'
import { readChoices } from '../simulation/study-flags.ts'

const examples = `
Examples:
  $ equipoise --node http://127.0.0.1:8545 --record calls.ndjson
  $ equipoise-bench replay calls.ndjson
  $ equipoise-bench replay calls.ndjson --strategies state-space,state-space:hold=off`

/** `equipoise-bench replay`: what other strategies would have done with recorded calls. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('runs what a proxy recorded through other strategies')
    .argument('<file>', 'what `equipoise --record` wrote')
    .option('--strategies <name,…>', 'what to try, with parts or without (default: all)')
    .option('--seed <n>', 'draws what strategies leave to chance (default: 1)')
    .addHelpText('after', examples)
    .action(async (file: string, flags: { strategies?: string; seed?: string }) => {
      process.exitCode = await perform(file, flags.strategies ?? 'all', flags.seed ?? '1')
    })
}

async function perform(file: string, list: string, seedText: string): Promise<number> {
  let choices: readonly StrategyChoice[]
  let seed: number
  try {
    const read = new FlagReader()
    choices = readChoices(list, read)
    seed = read.whole('--seed', seedText, 0, 2 ** 32 - 1)
    read.close()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    for (const problem of error.problems) process.stderr.write(`${problem}\n`)
    return 2
  }
  let record: ProxyRecord
  try {
    record = await readRecord(file)
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 2 : 1
  }
  const style = { isColoured: process.stdout.isTTY }
  const replayed = choices.map(
    (choice) => [strategyText(choice), replay(record, choice, seed)] as const,
  )
  const table = replayTable(record, replayed)
  process.stdout.write(`${renderTable(table, style)}\n${dim(table.note, style)}\n`)
  if (record.lostLines !== null) {
    process.stdout.write(`The record grew to its limit; ${record.lostLines} lines are not in it.\n`)
  }
  return 0
}

function replayTable(
  { start, calls, nodeIds }: ProxyRecord,
  replayed: readonly (readonly [string, Replayed])[],
): Table {
  const placed = calls.filter(({ node }) => node !== null)
  const before = nodeIds.map((id) => placed.filter(({ node }) => node === id).length)
  const held = placed.filter(({ heldMs }) => heldMs > 0)
  const heldMs = held.reduce((sum, call) => sum + call.heldMs, 0) / Math.max(1, held.length)
  return {
    title: `${calls.length} calls, recorded under ${start.strategy}`,
    note: 'Shares of the calls by node. A call takes as long as in the record wherever it goes: decisions can be compared, latencies cannot.',
    columns: ['strategy', 'same node', ...nodeIds, 'held', 'held ms'],
    rows: [
      ['(as recorded)', '', ...shares(before), String(held.length), formatMs(heldMs)],
      ...replayed.map(([name, each]) => [
        name,
        formatPercent(each.choices === 0 ? 1 : each.same / each.choices, 0),
        ...shares(each.calls),
        String(each.heldCalls),
        formatMs(each.heldMs),
      ]),
    ],
  }
}

function shares(counts: readonly number[]): readonly string[] {
  const all = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => formatPercent(all === 0 ? 0 : count / all, 0))
}
