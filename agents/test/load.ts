/**
 * A process that uses what it is told to, for tests of agents: `node load.ts cpu 0.3` burns that many
 * cores, `memory 67108864` holds that many bytes, `disk FILE` writes through to the disk as fast as it
 * may. Begins when it is told to (a line on standard input): what it took before it was in its group
 * would be charged to another one. Ends when its standard input does, so that nothing outlives a test
 * that was killed.
 */
import { constants, openSync, writeSync } from 'node:fs'

const [what, amount = ''] = process.argv.slice(2)

/** Short against the period of a quota, so that the load is even. */
const stepMs = 20

function burn(cores: number): void {
  const startMs = performance.now()
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1000
  }
  const begun = process.cpuUsage()
  setInterval(() => {
    const dueMs = cores * (performance.now() - startMs)
    // A machine that gave too little for a while is not made to give it all back at once.
    const untilMs = Math.min(dueMs, usedMs() + 2 * cores * stepMs)
    while (usedMs() < untilMs) Math.sqrt(2)
  }, stepMs)
}

function hold(bytes: number): void {
  const held = Buffer.alloc(bytes, 1)
  setInterval(() => held.fill(2, 0, 1), 1000)
}

function write(file: string): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_DSYNC, 0o600)
  const block = Buffer.alloc(65_536, 1)
  const wholeFile = 64
  const next = (i: number): void => {
    writeSync(fd, block, 0, block.length, (i % wholeFile) * block.length)
    setImmediate(next, i + 1)
  }
  next(0)
}

process.stdin.on('end', () => process.exit())
process.stdin.once('data', () => {
  if (what === 'cpu') burn(Number(amount))
  else if (what === 'memory') hold(Number(amount))
  else if (what === 'disk') write(amount)
  else throw new Error(`${what}: want cpu, memory or disk`)
  process.stdout.write('ready\n')
})
