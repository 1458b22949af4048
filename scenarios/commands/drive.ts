import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Command } from 'commander'
import { FlagReader, UsageError } from '../flags.ts'
import { BlockDriver } from '../fleets/geth/block-driver.ts'
import { Engine, type Head } from '../fleets/geth/engine.ts'

const examples = `
Examples:
  $ equipoise-bench drive --engine geth-1=http://127.0.0.1:8551 --jwt-secret jwt.hex
  $ equipoise-bench drive --engine a=http://10.0.0.5:8551 --engine b=http://10.0.0.6:8551 \\
      --jwt-secret jwt.hex --block-time 12s

The nodes are Geths on one chain of their own, with the rules of Osaka from its first block. It takes
the place of their consensus clients: never point it at nodes of a public network.`

/** What is to be driven, and how fast. */
type Drive = {
  readonly engines: ReadonlyMap<string, string>
  readonly secret: Buffer
  readonly blockTimeMs: number
}

type Member = { readonly id: string; readonly engine: Engine; readonly head: Head }

/** Nodes that are started together with this one are given so long. */
const startTimeoutMs = 60_000
const pollMs = 250
const minBlockTimeMs = 100
/** A node that is so far behind at two looks in a row is taken in anew. */
const lookEveryMs = 10_000
const toleratedLag = 5

/** `equipoise-bench drive`: makes blocks on Geths that somebody else has started. */
export function driveCommand(): Command {
  return new Command('drive')
    .description('make blocks on Geths that run elsewhere, in place of their consensus clients')
    .option('--engine <ID=URL>', 'Engine API of a node (authrpc); repeat for each', collect, [])
    .option('--jwt-secret <file>', 'the 32 bytes in hexadecimal that nodes and driver share', '')
    .option('--block-time <time>', 'from one block to the next', '2s')
    .addHelpText('after', examples)
    .action(async (options: Record<string, unknown>) => {
      process.exitCode = await perform(options)
    })
}

async function perform(options: Record<string, unknown>): Promise<number> {
  let drive: Drive
  try {
    drive = parseDrive(options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    for (const problem of error.problems) process.stderr.write(`${problem}\n`)
    return 2
  }
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  await keepDriving(drive, ending.signal)
  return 0
}

/** @throws UsageError */
function parseDrive(options: Record<string, unknown>): Drive {
  const reader = new FlagReader()
  const engines = new Map<string, string>()
  for (const word of options['engine'] as readonly string[]) {
    const [, id = '', url = ''] = /^([^\s=]+)=(https?:\/\/\S+)$/.exec(word) ?? []
    if (!URL.canParse(url)) reader.refuse(`--engine ${word}: want ID=http://HOST:PORT`)
    else if (engines.has(id)) reader.refuse(`--engine ${id}: given more than once`)
    engines.set(id, url)
  }
  if (engines.size === 0) reader.refuse('--engine: want at least one, as in --engine geth-1=URL')
  const blockTimeMs = reader.durationMs(
    '--block-time',
    String(options['blockTime']),
    minBlockTimeMs,
  )
  const secret = parseSecret(reader, String(options['jwtSecret']))
  reader.close()
  return { engines, secret, blockTimeMs }
}

function parseSecret(reader: FlagReader, file: string): Buffer {
  try {
    const [, digits] = /^(?:0x)?([0-9a-f]{64})$/i.exec(readFileSync(file, 'utf8').trim()) ?? []
    if (digits !== undefined) return Buffer.from(digits, 'hex')
    reader.refuse(`--jwt-secret ${file}: want 64 hexadecimal digits`)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? error.code : error
    reader.refuse(`--jwt-secret ${file}: cannot be read (${why})`)
  }
  return Buffer.alloc(0)
}

/** Resolves when `signal` is given. @throws Error when a node does not answer in time */
async function keepDriving(drive: Drive, signal: AbortSignal): Promise<void> {
  const { engines, secret, blockTimeMs } = drive
  const driver = new BlockDriver({ blockTimeMs, onEvent: ({ text }) => say(text) })
  const made = [...engines].map(([id, url]) => ({ id, engine: new Engine(url, secret) }))
  const taken = new Set<string>()
  try {
    const members = await Promise.all(made.map((one) => firstHead(one, signal)))
    const [first, ...others] = members.toSorted((one, other) => other.head.number - one.head.number)
    if (first === undefined) return
    taken.add(first.id)
    await driver.start([first])
    for (const { id, engine } of others) {
      taken.add(id)
      // Those that come from further behind ask their peers; the chain goes on meanwhile.
      void driver.join(id, engine)
    }
    const ids = members.map(({ id }) => id).join(', ')
    process.stdout.write(`driving ${ids} from block ${driver.head.number}\n`)
    await keepTakingBack(driver, drive, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await driver.close()
    const left = made.filter(({ id }) => !taken.has(id))
    await Promise.all(left.map(({ engine }) => engine.close()))
  }
}

/**
 * A node that was killed and came back without its chain refuses what it is given, and the driver
 * gives it no more. With its data removed it starts from nothing, and has to be taken in anew.
 */
async function keepTakingBack(
  driver: BlockDriver,
  { engines, secret }: Drive,
  signal: AbortSignal,
): Promise<void> {
  const suspects = new Set<string>()
  for (;;) {
    await pause(lookEveryMs, undefined, { signal })
    for (const [id, url] of engines) {
      if (!(await isFarBehind(driver, new Engine(url, secret)))) suspects.delete(id)
      else if (!suspects.delete(id)) suspects.add(id)
      else {
        say(`${id} stays behind: it is taken in anew`)
        await driver.drop(id)
        void driver.join(id, new Engine(url, secret))
      }
    }
  }
}

async function isFarBehind(driver: BlockDriver, engine: Engine): Promise<boolean> {
  try {
    return driver.head.number - (await engine.head()).number > toleratedLag
  } catch {
    return false // It is down; the driver tells of that, and tries it again itself.
  } finally {
    await engine.close()
  }
}

async function firstHead(
  { id, engine }: { readonly id: string; readonly engine: Engine },
  signal: AbortSignal,
): Promise<Member> {
  const untilMs = performance.now() + startTimeoutMs
  for (;;) {
    try {
      return { id, engine, head: await engine.head() }
    } catch (error) {
      if (signal.aborted || performance.now() > untilMs) {
        throw new Error(`${id}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    await pause(pollMs, undefined, { signal })
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
