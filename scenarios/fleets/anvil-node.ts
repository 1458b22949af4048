import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { CpuGroup } from '../cgroup.ts'
import { Process } from '../process.ts'
import type { Reaper } from '../reaper.ts'
import type { FleetNode } from './fleet.ts'
import { LogRing } from './log-ring.ts'
import { NodeRpc } from './node-rpc.ts'
import { writePidFile } from './pid-file.ts'

export type AnvilNodeOptions = {
  readonly id: string
  readonly port: number
  /** For its pid file; removed by others. */
  readonly folder: string
  readonly reaper: Reaper
  /** Runs under this quota, if any. */
  readonly group: CpuGroup | null
  /** Its process has ended, `how` in words; `asked` when by {@link AnvilNode.kill}. */
  readonly onEnded: (node: AnvilNode, how: string, asked: boolean) => void
}

/** Of every Anvil network. */
export const chainId = 31_337
/** The same for every node and every run, so that the genesis block is: 2023-11-14 22:13:20 UTC. */
const genesisTimestampS = 1_700_000_000
/** As on Ethereum in 2024. */
const gasLimit = 30_000_000
/** States kept in memory for calls on past blocks; Anvil would write the others to the disk. */
const keptStates = 64
const startTimeoutMs = 30_000
const stopGraceMs = 1_000

/** One Anvil that seals only when it is told to, from one start to its end, and again. */
export class AnvilNode implements FleetNode {
  readonly id: string
  readonly url: string
  readonly pidFile: string
  readonly cpus: number | null
  /** The command line it is started with. */
  readonly commandLine: string
  readonly log = new LogRing()
  readonly #options: AnvilNodeOptions
  readonly #command: readonly [string, ...string[]]
  #process: Process | null = null
  #isAsked = false

  /** @throws Error where there is no Anvil for this machine */
  constructor(options: AnvilNodeOptions) {
    this.id = options.id
    this.url = `http://127.0.0.1:${options.port}`
    this.pidFile = join(options.folder, `${options.id}.pid`)
    this.cpus = options.group?.cpus ?? null
    this.#options = options
    this.#command = [anvilBinary(), ...flags(options.port, join(options.folder, 'cache'))]
    this.commandLine = this.#command.join(' ')
  }

  pid(): number | null {
    return this.#process?.pid ?? null
  }

  /**
   * Starts it at genesis. Resolves when it takes calls.
   * @throws Error with its last words when it ends before, or does not come up in time
   */
  async start(): Promise<void> {
    const { id, reaper, group, onEnded } = this.#options
    const { promise: listening, resolve } = Promise.withResolvers<null>()
    const onLine = (line: string) => {
      if (line.startsWith('Listening on')) resolve(null)
    }
    const onSaid = (line: string) => this.log.push(line)
    const process = new Process({ name: id, command: this.#command, reaper, onLine, onSaid })
    this.#process = process
    this.#isAsked = false
    if (process.pid !== null) {
      await group?.add(process.pid)
      await writePidFile(this.pidFile, process.pid)
    }
    const timer = setTimeout(() => void process.kill(), startTimeoutMs)
    const ending = await Promise.race([listening, process.ended])
    clearTimeout(timer)
    if (ending !== null) {
      throw new Error([`${id} ended (${ending.how})`, ...process.lastWords].join('; '))
    }
    void process.ended.then(async ({ how }) => {
      await rm(this.pidFile, { force: true })
      onEnded(this, how, this.#isAsked)
    })
    await this.#silence()
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.#isAsked = true
    await this.#process?.kill()
  }

  /** Ends it in order. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isAsked = true
    await this.#process?.stop(stopGraceMs)
  }

  /** @throws Error when it is down */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.pid()
    if (pid === null) throw new Error(`${this.id} is down`)
    process.kill(pid, name)
  }

  /** Anvil writes some lines for every call, which costs it as much as many a call. */
  async #silence(): Promise<void> {
    const rpc = new NodeRpc(this.url, startTimeoutMs)
    try {
      await rpc.call('anvil_setLoggingEnabled', false)
    } finally {
      await rpc.close()
    }
  }
}

function flags(port: number, cachePath: string): readonly string[] {
  const values = {
    host: '127.0.0.1',
    port,
    'chain-id': chainId,
    timestamp: genesisTimestampS,
    'gas-limit': gasLimit,
    order: 'fifo',
    'prune-history': keptStates,
    // Without it Anvil makes folders in the home directory.
    'cache-path': cachePath,
  }
  return [
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]),
    '--no-mining',
    '--no-request-size-limit',
  ]
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Path of the program that npm put beside `@foundry-rs/anvil` for this machine. */
function anvilBinary(): string {
  const { platform, arch } = process
  const sibling = `@foundry-rs/anvil-${platform}-${architectures[arch] ?? arch}`
  try {
    const anvil = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    return createRequire(anvil).resolve(`${sibling}/bin/anvil`)
  } catch (error) {
    throw new Error(`there is no Anvil for this machine: package ${sibling} is not installed`, {
      cause: error,
    })
  }
}
