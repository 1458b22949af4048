import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { UsageError } from '../flags.ts'
import { formatRatio } from '../report/format.ts'
import { dim, renderTable } from '../report/table.ts'
import { holdoutTables } from '../simulation/holdout-tables.ts'
import { runStudy, type StudyPlan } from '../simulation/study.ts'
import {
  namedClusters,
  parseStudy,
  type StudyConfig,
  type StudyFlags,
  studyDefaults,
} from '../simulation/study-flags.ts'
import { renderStudyPage } from '../simulation/study-page.ts'
import { studyTables } from '../simulation/study-tables.ts'

const examples = `
Examples:
  $ equipoise-bench simulate
  $ equipoise-bench simulate --scenario hetero,neighbour,both --load 0.85
  $ equipoise-bench simulate --scenario B2 --strategies weighted-least-connection,state-space,state-space:hold=off
  $ equipoise-bench simulate --holdout 40 --json holdout.json

Scenarios:
${namedClusters.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}`

/** `equipoise-bench simulate`: strategies on fleets that are not there. */
export function simulateCommand(): Command {
  const { scenario, strategies, seeds, holdoutSeeds, seconds, holdoutSeconds, warmup, firstSeed } =
    studyDefaults
  return new Command('simulate')
    .description('the strategies of the proxy on simulated fleets')
    .option('--scenario <name,…>', `fleets below, or all (default: ${scenario})`)
    .option('--holdout <n>', 'so many random fleets that nothing was tuned on, instead')
    .option('--strategies <name,…>', `what to try, with parts or without (default: ${strategies})`)
    .option('--load <share>', "load of what the fleet can carry (default: the scenario's)")
    .option(
      '--seeds <n>',
      `paired trials of each (default: ${seeds}; ${holdoutSeeds} of hold-outs)`,
    )
    .option('--first-seed <n>', `the first of the seeds (default: ${firstSeed})`)
    .option(
      '--seconds <n>',
      `simulated and measured in a trial (default: ${seconds}; ${holdoutSeconds} of hold-outs)`,
    )
    .option('--warmup <n>', `simulated seconds before it (default: ${warmup})`)
    .option('--known-costs', 'tell the proxy what calls cost on average, instead of learning it')
    .option('--json <file>', 'write every trial as JSON')
    .option('--html <file>', 'write the tables as a page')
    .addHelpText('after', examples)
    .action(async (flags: StudyFlags) => {
      process.exitCode = await perform(flags)
    })
}

async function perform(flags: StudyFlags): Promise<number> {
  let config: StudyConfig
  try {
    config = parseStudy(flags)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    for (const problem of error.problems) process.stderr.write(`${problem}\n`)
    return 2
  }
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  try {
    return await study(config, stop.signal)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

async function study({ plan, isHoldout, json, html }: StudyConfig, signal: AbortSignal) {
  const progress = new Progress(process.stderr)
  const trials = await runStudy(
    plan,
    ({ cluster, strategy, seed }, done, of) => {
      progress.show(`${done} of ${of}: ${cluster}, ${strategy}, seed ${seed}`, done === of)
    },
    signal,
  )
  progress.close()
  const tables = isHoldout
    ? holdoutTables(trials, (strategy) => strategy.startsWith('state-space'))
    : studyTables(plan.clusters, trials)
  const style = { isColoured: process.stdout.isTTY }
  for (const table of tables) {
    process.stdout.write(`${renderTable(table, style)}\n${dim(table.note, style)}\n\n`)
  }
  const facts = factsOf(plan)
  process.stdout.write(`${facts}\n`)
  if (json !== null) await writeFile(json, `${JSON.stringify({ facts, trials }, null, 1)}\n`)
  if (html !== null) {
    const names = plan.clusters.map(({ name }) => name).join(', ')
    await writeFile(html, renderStudyPage(isHoldout ? 'Hold-out clusters' : names, facts, tables))
  }
  return signal.aborted ? 1 : 0
}

function factsOf({ seeds, span }: StudyPlan): string {
  const seconds = (ms: number) => formatRatio(ms / 1000).replace(/\.0+$/, '')
  return `Simulated, not measured: seeds ${seeds.at(0)} to ${seeds.at(-1)}, ${seconds(span.measuredMs)} s after ${seconds(span.warmupMs)} s.`
}

type Output = { readonly isTTY?: boolean; write(text: string): unknown }

const eraseLine = '\r\u001b[2K'

/** One line that is written over on a terminal; in a pipe a line at every twentieth, and the last. */
class Progress {
  readonly #output: Output
  #count = 0

  constructor(output: Output) {
    this.#output = output
  }

  show(text: string, isLast: boolean): void {
    this.#count += 1
    if (this.#output.isTTY === true) this.#output.write(`${eraseLine}${text}`)
    else if (this.#count % 20 === 0 || isLast) this.#output.write(`${text}\n`)
  }

  close(): void {
    if (this.#output.isTTY === true) this.#output.write(eraseLine)
  }
}
