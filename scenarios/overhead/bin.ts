#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { quantile } from '../measure/statistics.ts'
import { call, openField } from './contender.ts'
import { measure, type Slot } from './slot.ts'

const program = new Command('bench:overhead')
  .description("The proxy's own cost: CPU per call beside HAProxy, on the same nodes, in turn.")
  .option('--repeats <N>', 'slots of each, in turn', whole, 5)
  .option('--seconds <N>', 'length of a slot', whole, 5)
  .option('--bytes <N>', "bytes of each answer's result", whole, 18)
  .option('--foreign <SHARE>', 'drop pairs in which others took more of the core', Number, 0.1)
  .helpOption('--help', 'print this help')
  .addHelpText('after', '\nExample:\n  $ npm run bench:overhead -- --repeats 3 --bytes 100000')
  .parse()
const { repeats, seconds, bytes, foreign } = program.opts<{
  repeats: number
  seconds: number
  bytes: number
  foreign: number
}>()

const missing = ['wrk', 'haproxy', 'taskset'].filter((tool) => spawnSync(tool, ['-v']).error)
if (missing.length > 0 || cpus().length < 2) {
  const what = missing.length > 0 ? missing.join(', ') : 'a second core'
  process.stderr.write(`bench:overhead needs ${what}: apt-get install wrk haproxy util-linux\n`)
  process.exit(1)
}

const field = await openField(bytes)
try {
  const script = join(field.folder, 'post.lua')
  const type = 'wrk.headers["Content-Type"] = "application/json"'
  await writeFile(script, `wrk.method = "POST"\n${type}\nwrk.body = '${call}'\n`)
  for (const contender of field.contenders) await measure(contender, field.loadCore, script, 2)
  const pairs: [Slot, Slot][] = []
  for (let i = 0; i < repeats; i += 1) {
    const [ours, theirs] = field.contenders
    const pair: [Slot, Slot] = [
      await measure(ours, field.loadCore, script, seconds),
      await measure(theirs, field.loadCore, script, seconds),
    ]
    const disturbed = pair.some((slot) => slot.foreign > foreign)
    const figures = pair.map(({ cpuUs }) => `${cpuUs.toFixed(1)} µs`).join(' beside ')
    process.stderr.write(
      `${i + 1}/${repeats}: ${figures}${disturbed ? ', dropped: disturbed' : ''}\n`,
    )
    if (!disturbed) pairs.push(pair)
  }
  process.stdout.write(table(pairs))
  if (pairs.length === 0) process.exitCode = 1
} finally {
  await field.close()
}

function table(pairs: readonly [Slot, Slot][]): string {
  if (pairs.length === 0) return 'every pair was disturbed by other work on the core\n'
  const rows = ['equipoise', 'haproxy'].map((name, side) => {
    const slots = pairs.map((pair) => pair[side] as Slot)
    return [
      name,
      span(slots, 'cpuUs', 1),
      ...(['callsPerSecond', 'p50Ms', 'p99Ms'] as const).map((key) =>
        span(slots, key, key === 'callsPerSecond' ? 0 : 2),
      ),
    ]
  })
  const ratios = pairs.map(([ours, theirs]) => ours.cpuUs / theirs.cpuUs)
  const heads = ['proxy', 'CPU µs per call', 'calls/s', 'p50 ms', 'p99 ms']
  const lines = [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`
  return [
    ...lines,
    '',
    `CPU per call, equipoise ÷ haproxy, pair by pair: ${spanOf(ratios, 2)}`,
    `${pairs.length} pairs of ${seconds} s, results of ${bytes} bytes, ${machine}, ${new Date().toISOString().slice(0, 10)}`,
    '',
  ].join('\n')
}

function span(slots: readonly Slot[], key: keyof Slot, digits: number): string {
  return spanOf(
    slots.map((slot) => slot[key]),
    digits,
  )
}

/** `median (min–max)`. */
function spanOf(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const ends = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN]
  const [min, max] = ends.map((end) => end.toFixed(digits))
  return `${quantile(sorted, 0.5).toFixed(digits)} (${min}–${max})`
}

function whole(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('want a whole number above 0')
  return n
}
