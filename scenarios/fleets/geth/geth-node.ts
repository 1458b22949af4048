import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CpuGroup } from '../../cgroup.ts'
import { Process } from '../../process.ts'
import type { Reaper } from '../../reaper.ts'
import type { FleetNode } from '../fleet.ts'
import { LogRing } from '../log-ring.ts'
import { writePidFile } from '../pid-file.ts'
import { servingFlags, writeGethFiles } from './command-line.ts'
import { Engine } from './engine.ts'
import { untilUp } from './until-up.ts'

export type GethNodeOptions = {
  readonly id: string
  readonly binary: string
  /** Its data directory, with a chain in it. */
  readonly datadir: string
  readonly ports: { readonly http: number; readonly engine: number; readonly peers: number }
  /** Where the other nodes listen for peers: `enode://…`. */
  readonly peers: readonly string[]
  /** Megabytes for its caches. */
  readonly cacheMb: number
  /** For its pid file. */
  readonly folder: string
  readonly reaper: Reaper
  /** Runs under this quota once it is up, if any. */
  readonly group: CpuGroup | null
  /** Its process has ended, `how` in words; `asked` when by {@link GethNode.kill} or stop. */
  readonly onEnded: (node: GethNode, how: string, asked: boolean) => void
}

const startTimeoutMs = 20_000
const stopGraceMs = 10_000
/** Nodes listen on loopback only; who can reach them may drive them. */
const secret = createHash('sha256').update('equipoise engine').digest()

/** One Geth without a consensus client, from one start to its end, and again on the same data. */
export class GethNode implements FleetNode {
  readonly id: string
  readonly url: string
  /** WebSocket, on the same port. */
  readonly webSocketUrl: string
  readonly pidFile: string
  readonly datadir: string
  /** The command line it is started with. */
  readonly commandLine: string
  readonly log = new LogRing()
  readonly #options: GethNodeOptions
  readonly #command: readonly [string, ...string[]]
  #cpus: number | null
  #process: Process | null = null
  #isAsked = false

  constructor(options: GethNodeOptions) {
    const { id, binary, datadir, ports, folder, cacheMb, group } = options
    this.id = id
    this.url = `http://127.0.0.1:${ports.http}`
    this.webSocketUrl = `ws://127.0.0.1:${ports.http}`
    this.pidFile = join(folder, `${id}.pid`)
    this.datadir = datadir
    this.#cpus = group?.cpus ?? null
    this.#options = options
    this.#command = [
      binary,
      ...servingFlags({ datadir, ports, cacheMb, address: '127.0.0.1', network: '127.0.0.0/8' }),
    ]
    this.commandLine = this.#command.join(' ')
  }

  pid(): number | null {
    return this.#process?.pid ?? null
  }

  get cpus(): number | null {
    return this.#cpus
  }

  /** Another quota, at once and after a restart. @throws Error when it has none */
  async setCpus(cpus: number): Promise<void> {
    const { group, id } = this.#options
    if (group === null) throw new Error(`${id} runs without a quota`)
    this.#cpus = cpus
    await group.limit(cpus)
  }

  /** A new connection to its Engine API, to be closed by who asked for it. */
  engine(): Engine {
    return new Engine(`http://127.0.0.1:${this.#options.ports.engine}`, secret)
  }

  /**
   * Starts it on what its data directory holds. Resolves when it takes calls.
   * @throws Error with its last words when it ends before, or does not come up in time
   */
  async start(): Promise<void> {
    const { id, reaper, group, onEnded } = this.#options
    await this.#writeFiles()
    // Half a second of CPU: under a small quota it would take seconds to come up.
    await group?.limit(null)
    const onSaid = (line: string) => this.log.push(line)
    const process = new Process({ name: id, command: this.#command, reaper, onSaid })
    this.#process = process
    this.#isAsked = false
    if (process.pid !== null) {
      await group?.add(process.pid)
      await writePidFile(this.pidFile, process.pid)
    }
    const abort = new AbortController()
    const up = untilUp(this.engine(), startTimeoutMs, abort.signal)
    const ending = await Promise.race([process.ended, up])
    abort.abort()
    if (ending !== null || process.pid === null) {
      await process.kill()
      throw new Error([`${id} did not come up (${ending?.how})`, ...process.lastWords].join('; '))
    }
    await group?.limit(this.#cpus)
    void process.ended.then(async ({ how }) => {
      await rm(this.pidFile, { force: true })
      onEnded(this, how, this.#isAsked)
    })
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.#isAsked = true
    await this.#process?.kill()
  }

  /** Ends it in order, so that its data is whole. */
  async stop(): Promise<void> {
    this.#isAsked = true
    await this.#options.group?.limit(null)
    await this.#process?.stop(stopGraceMs)
  }

  /** @throws Error when it is down */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.pid()
    if (pid === null) throw new Error(`${this.id} is down`)
    process.kill(pid, name)
  }

  async #writeFiles(): Promise<void> {
    const { datadir, id, ports, peers } = this.#options
    await writeGethFiles({ datadir, id, peers, secret, listen: `127.0.0.1:${ports.peers}` })
  }
}
