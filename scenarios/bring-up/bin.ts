import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { FlagReader, UsageError } from '../flags.ts'
import { renderTable } from '../report/table.ts'
import { clients } from '../stack-fleet.ts'
import { type BroughtUp, bringUp } from './bring-up.ts'
import { removeImages } from './cold.ts'
import { tableOf } from './table.ts'

const examples = `
Examples:
  $ npm run bench:up
  $ npm run bench:up -- --nodes 3,5 --cold
  $ npm run bench:up -- --fleet geth --nodes 3,5,7,9,11`

const program = new Command('bench:up')
  .description(
    'Times one command from nothing to a running network: nodes, agent, proxy, contracts.',
  )
  .helpOption('--help', 'print this help')
  .option('--fleet <NAME>', `what the nodes are: ${clients.join(', ')}`, 'docker')
  .option('--nodes <LIST>', 'how many nodes, one network after the other', '3,5,7,9,11')
  .option('--cold', 'make image and chain anew for the first network')
  .addHelpText('after', examples)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })

try {
  program.parse()
  process.exitCode = await measure(program.opts())
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

async function measure(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const reader = new FlagReader()
  const fleet = reader.oneOf('--fleet', String(flags['fleet']), clients)
  const client = clients.find((name) => name === fleet) ?? 'docker'
  const counts = reader
    .items('--nodes', String(flags['nodes']))
    .map((count) => reader.whole('--nodes', count, 1, 32))
  reader.close()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  const done: BroughtUp[] = []
  // Chains are kept in the folder for temporary files: in a new one there is none yet.
  const fresh = flags['cold'] === true ? await mkdtemp(join(tmpdir(), 'equipoise-cold-')) : null
  try {
    if (fresh !== null) {
      process.env['TMPDIR'] = fresh
      if (client === 'docker') await removeImages()
    }
    for (const [i, nodes] of counts.entries()) {
      if (stop.signal.aborted) break
      process.stderr.write(`${nodes} nodes …\n`)
      done.push(await bringUp({ client, nodes, isCold: fresh !== null && i === 0 }))
    }
  } finally {
    if (fresh !== null) await rm(fresh, { recursive: true, force: true })
  }
  process.stdout.write(`${renderTable(tableOf(done), { isColoured: process.stdout.isTTY })}\n`)
  return stop.signal.aborted ? 1 : 0
}
