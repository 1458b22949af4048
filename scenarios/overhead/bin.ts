#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { openField } from './contender.ts'
import { loadOf } from './load.ts'
import { type Round, roundsTable } from './rounds.ts'
import { type Shape, shapes } from './shape.ts'
import { measure } from './slot.ts'

const shapeHelp = [...shapes.values()].map(({ name, about }) => `${name} (${about})`).join(', ')
const program = new Command('bench:overhead')
  .description("The proxy's own cost: CPU per call beside HAProxy and nginx, on the same nodes.")
  .option('--shape <LIST>', `what is asked: ${shapeHelp}`, shapesOf, [...shapes.values()])
  .option('--repeats <N>', 'rounds, each with every proxy in turn', whole, 5)
  .option('--seconds <N>', 'length of a slot', whole, 4)
  .option('--foreign <SHARE>', 'drop rounds in which others took more of the core', Number, 0.1)
  .helpOption('--help', 'print this help')
  .addHelpText('after', '\nExample:\n  $ npm run bench:overhead -- --shape single --repeats 3')
  .parse()
const {
  shape: chosen,
  repeats,
  seconds,
  foreign,
} = program.opts<{
  shape: readonly Shape[]
  repeats: number
  seconds: number
  foreign: number
}>()
/** V8 goes on compiling for seconds under load, which is not what a call costs in the long run. */
const warmUpSeconds = 6

const missing = ['wrk', 'haproxy', 'taskset'].filter((tool) => spawnSync(tool, ['-v']).error)
if (missing.length > 0 || cpus().length < 2) {
  const what = missing.length > 0 ? missing.join(', ') : 'a second core'
  process.stderr.write(`bench:overhead needs ${what}: apt-get install wrk haproxy util-linux\n`)
  process.exit(1)
}
for (const shape of chosen) process.stdout.write(await measured(shape))
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`
const today = new Date().toISOString().slice(0, 10)
process.stdout.write(
  `slots of ${seconds} s, 64 connections (16 over WebSocket), ${machine}, ${today}\n`,
)

async function measured(shape: Shape): Promise<string> {
  const field = await openField(shape)
  try {
    const load = await loadOf(shape, field.loadCore, field.folder)
    for (const way of field.contenders) await measure(way, load, warmUpSeconds)
    const rounds: Round[] = []
    for (let i = 1; i <= repeats; i += 1) {
      const round: Round = new Map()
      for (const way of field.contenders) {
        round.set(way.name, await measure(way, load, seconds))
      }
      const isDisturbed = [...round].some(([, slot]) => slot.foreign > foreign && slot.cpuUs > 0)
      const figures = [...round]
        .filter(([, { cpuUs }]) => cpuUs > 0)
        .map(([name, { cpuUs }]) => `${name} ${cpuUs.toFixed(1)} µs`)
      const verdict = isDisturbed ? ', dropped: disturbed' : ''
      process.stderr.write(`${shape.name} ${i}/${repeats}: ${figures.join(', ')}${verdict}\n`)
      if (!isDisturbed) rounds.push(round)
    }
    if (rounds.length === 0) process.exitCode = 1
    return roundsTable(shape, rounds)
  } finally {
    await field.close()
  }
}

function shapesOf(list: string): readonly Shape[] {
  return list.split(',').map((name) => {
    const shape = shapes.get(name)
    if (shape === undefined) throw new InvalidArgumentError(`no shape ${name}`)
    return shape
  })
}

function whole(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('want a whole number above 0')
  return n
}
