#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { messageOf } from '../bench.ts'
import { FlagReader, UsageError } from '../flags.ts'
import { formatMs, formatRatio } from '../report/format.ts'
import { renderTable } from '../report/table.ts'
import { type Check, closedLoopFigures, freezeCheck, queueCheck } from './checks.ts'
import { queueKinds } from './theory.ts'

/** Measured figures may lie so far from theory's. */
const tolerance = 0.03
/** A run with calls sent later than this at p99 is made again; the most punctual one counts. */
const mostLateMs = 2
const mostTries = 3
/** The server stands still for a second of it, so that the wait is long beside a round trip. */
const freezeSpanMs = 2_500

const program = new Command('bench:generator')
  .description(
    'Checks the load generator against queueing theory, in real time: a single server with known service times, and one that stands still for a second. Exit code 1 when a mean or a p99 is more than 3 % off.',
  )
  .option('--load <LIST>', 'utilisations of the single server', '0.7')
  .option('--seconds <N>', 'length of each load', '90')
  .helpOption('--help', 'print this help')
  .addHelpText(
    'after',
    `
Examples:
  $ npm run bench:generator
  $ npm run bench:generator -- --load 0.5,0.7 --seconds 120`,
  )
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })

try {
  program.parse()
  process.exitCode = await main(program.opts())
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${error instanceof UsageError ? error.message : messageOf(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

async function main(flags: { readonly load: string; readonly seconds: string }): Promise<number> {
  const read = new FlagReader()
  const loads = read
    .names('--load', flags.load)
    .map((text) => read.number('--load', text, 0.1, 0.9))
  const seconds = read.number('--seconds', flags.seconds, 10, 3_600)
  read.close()
  const stop = new AbortController()
  process.on('SIGINT', () => stop.abort(new Error('interrupted')))
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  const checks: Check[] = []
  /** A run in which the generator was late says nothing of it when it is not. */
  const punctual = async (run: (signal: AbortSignal) => Promise<Check>): Promise<Check> => {
    let best = await run(stop.signal)
    for (let tries = 1; tries < mostTries && best.lateP99Ms > mostLateMs; tries += 1) {
      tell(`calls were sent ${formatMs(best.lateP99Ms)} ms late at p99: once more`)
      const next = await run(stop.signal)
      if (next.lateP99Ms < best.lateP99Ms) best = next
    }
    return best
  }
  for (const load of loads) {
    for (const kind of queueKinds) {
      tell(`${kind} at ${load}, ${seconds} s`)
      checks.push(await punctual((signal) => queueCheck(kind, load, 1000 * seconds, signal)))
    }
  }
  tell('a server that stands still for a second')
  checks.push(await punctual((signal) => freezeCheck(freezeSpanMs, signal)))
  const closedLoop = await closedLoopFigures(freezeSpanMs, stop.signal)
  process.stdout.write(`${renderTable(tableOf(checks), { isColoured: process.stdout.isTTY })}\n`)
  process.stdout.write(
    `\nOf the server that stood still, a client that waits for each answer tells p99 ${formatMs(closedLoop.p99Ms)} ms.\n`,
  )
  const off = checks.filter((one) => worst(one) > tolerance)
  for (const one of off) {
    const isLate = one.lateP99Ms > mostLateMs
    const why = isLate
      ? `, but calls were sent ${formatMs(one.lateP99Ms)} ms late at p99: ask again when the machine is quiet`
      : ''
    tell(`${one.name}: ${percent(worst(one))} off, more than 3 %${why}`)
  }
  return off.length === 0 ? 0 : 1
}

function tableOf(checks: readonly Check[]) {
  return {
    title: 'The generator against theory, ms',
    note: '',
    columns: [
      ...['server', 'calls', 'mean: theory', 'these calls', 'measured', 'off'],
      ...['p99: theory', 'these calls', 'measured', 'off', 'sent late p99'],
    ],
    rows: checks.map(({ name, calls, theory, exact, measured, lateP99Ms }) => [
      ...[name, String(calls)],
      ...[theory.meanMs, exact.meanMs, measured.meanMs].map(formatMs),
      percent(measured.meanMs / theory.meanMs - 1),
      ...[theory.p99Ms, exact.p99Ms, measured.p99Ms].map(formatMs),
      percent(measured.p99Ms / theory.p99Ms - 1),
      formatRatio(lateP99Ms),
    ]),
  }
}

function worst({ theory, measured }: Check): number {
  return Math.max(
    Math.abs(measured.meanMs / theory.meanMs - 1),
    Math.abs(measured.p99Ms / theory.p99Ms - 1),
  )
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
