#!/usr/bin/env node
import { availableParallelism, loadavg, release } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { RealGroup } from '../real-group.ts'
import { type Cost, measureAgent } from './agent-process.ts'
import { Crowd } from './crowd.ts'
import { EngineContainers } from './engine-containers.ts'

/** One line of a table: what was done, and what it took. */
type Line = { readonly what: string; readonly runs: readonly Cost[]; readonly engine?: number }

type Options = {
  readonly counts: readonly number[]
  readonly containers: number
  readonly seconds: number
  readonly repeats: number
}

const examples = `
Examples:
  $ npm run bench:agent
  $ npm run bench:agent -- --counts 8 --seconds 20 --repeats 5 --containers 0

CPU is in percent of one core; of several runs the median is shown, with the least and the most.`

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('want a whole number')
  return Number(text)
}

const program = new Command('bench:agent')
  .description('Measures what an agent costs, and how late it is where there is too little CPU.')
  .option(
    '--counts <list>',
    'groups to watch, one run each',
    (t) => t.split(',').map(wholeNumber),
    [1, 8, 64],
  )
  .option(
    '--containers <count>',
    'containers to watch beside docker stats; 0 for none',
    wholeNumber,
    8,
  )
  .option('--seconds <s>', 'length of a run', wholeNumber, 30)
  .option('--repeats <count>', 'runs of each', wholeNumber, 3)
  .helpOption('--help', 'print this help')
  .addHelpText('after', examples)
  .parse()
const options = program.opts<Options>()

const crowd = new Crowd()
const containers = new EngineContainers()
let hasContainers = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void close().finally(() => process.exit(1))
  })
}
try {
  process.exitCode = await run()
} finally {
  await close()
}

async function close(): Promise<void> {
  await crowd.close()
  if (hasContainers) containers.close()
}

async function run(): Promise<number> {
  const why = RealGroup.obstacle()
  if (why !== undefined) {
    process.stderr.write(`bench:agent: ${why}\n`)
    return 1
  }
  say(
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} CPUs, kernel ${release()}, Node ${process.version}`,
  )
  say(
    `load beside it ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}; ${options.repeats} runs of ${options.seconds} s\n`,
  )
  header()
  for (const count of options.counts) await watchGroups(count)
  await watchOverload()
  await watchContainers()
  return 0
}

/** So many groups of half a CPU, in which nothing happens: counters are read all the same. */
async function watchGroups(count: number): Promise<void> {
  const words = Array.from({ length: count }, (_, i) => {
    return ['--pid', `n${i}=${crowd.run(crowd.group(), 'exec sleep 100000')}`]
  }).flat()
  print({
    what: `${count} groups at 4 Hz`,
    runs: await repeated(() => measureAgent(words, options.seconds)),
  })
}

/** A node that wants four CPUs and may have a half: the agent beside it, and within its quota. */
async function watchOverload(): Promise<void> {
  const group = crowd.group()
  const pid = crowd.run(group, 'while :; do :; done')
  for (let i = 0; i < 3; i += 1) crowd.run(group, 'while :; do :; done')
  const words = ['--pid', `node=${pid}`]
  const outside = await repeated(() => measureAgent(words, options.seconds))
  print({ what: 'node overloaded, agent outside', runs: outside })
  const inside = await repeated(() => {
    return measureAgent(words, options.seconds, (agent) => group.add(agent.pid))
  })
  print({ what: 'node overloaded, agent in its quota', runs: inside })
}

async function watchContainers(): Promise<void> {
  const why = options.containers === 0 ? 'not wanted' : EngineContainers.obstacle()
  if (why !== undefined) return say(`containers: ${why}`)
  hasContainers = true
  containers.start(options.containers)
  const { label } = containers
  const idle = await EngineContainers.engineWhile(() => sleep(options.seconds))
  say(`the engine alone takes ${idle.percent.toFixed(2)} %, which is left out of what follows`)
  for (const source of ['auto', 'docker']) {
    const words = ['--label', label, '--source', source]
    const engine: number[] = []
    const runs = await repeated(async () => {
      const { percent, result } = await EngineContainers.engineWhile(() =>
        measureAgent(words, options.seconds),
      )
      engine.push(percent - idle.percent)
      return result
    })
    const what = `${options.containers} containers, ${source === 'auto' ? 'files of the kernel' : 'Docker API, 1 Hz'}`
    print({ what, runs, engine: median(engine) })
  }
  const own: number[] = []
  const engine: number[] = []
  await repeated(async () => {
    const { percent, result } = await EngineContainers.engineWhile(() =>
      containers.stats(options.seconds),
    )
    own.push(result)
    engine.push(percent - idle.percent)
  })
  row(
    `${options.containers} containers, docker stats, 1 Hz`,
    spread(own),
    median(engine).toFixed(2),
    '',
    '',
    '',
  )
}

async function repeated<T>(measure: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  for (let i = 0; i < options.repeats; i += 1) results.push(await measure())
  return results
}

function header(): void {
  row(
    'what',
    'CPU %',
    'engine %',
    'cycle ms p50 / p99',
    'late ms p50 / p90 / p99 / most',
    'lines/s',
  )
}

function print({ what, runs, engine }: Line): void {
  const mid = (of: (cost: Cost) => number): string => median(runs.map(of)).toFixed(2)
  row(
    what,
    spread(runs.map(({ cpuPercent }) => cpuPercent)),
    engine === undefined ? '' : engine.toFixed(2),
    [mid(({ cycleMs }) => cycleMs['0.5']), mid(({ cycleMs }) => cycleMs['0.99'])].join(' / '),
    (['0.5', '0.9', '0.99', '1'] as const)
      .map((q) => mid(({ latenessMs }) => latenessMs[q]))
      .join(' / '),
    mid(({ linesPerS }) => linesPerS),
  )
}

function row(...cells: readonly string[]): void {
  const widths = [38, 19, 8, 18, 33, 7]
  say(
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function spread(values: readonly number[]): string {
  const of = (value: number): string => value.toFixed(2)
  return `${of(median(values))} (${of(Math.min(...values))}-${of(Math.max(...values))})`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (
    ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
  )
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
