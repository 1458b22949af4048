import { createECDH, createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { CpuGroup } from '../../cgroup.ts'
import { Process } from '../../process.ts'
import type { Reaper } from '../../reaper.ts'
import type { FleetNode } from '../fleet.ts'
import { writePidFile } from '../pid-file.ts'
import { Engine } from './engine.ts'
import { chainId } from './genesis.ts'

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
const pollMs = 25
const namespaces = 'admin,debug,eth,net,txpool,web3'
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
      ...gethFlags(datadir, cacheMb),
      ...['--config', join(datadir, 'config.toml')],
      ...['--http', '--http.addr', '127.0.0.1', '--http.port', String(ports.http)],
      ...['--http.api', namespaces, '--ws', '--ws.addr', '127.0.0.1'],
      ...['--ws.port', String(ports.http), '--ws.api', namespaces, '--ws.origins', '*'],
      ...['--authrpc.addr', '127.0.0.1', '--authrpc.port', String(ports.engine)],
      ...['--authrpc.jwtsecret', join(datadir, 'jwt.hex')],
      ...['--miner.recommit', '200ms', '--miner.gasprice', '1', '--txpool.nolocals'],
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
    const process = new Process({ name: id, command: this.#command, reaper })
    this.#process = process
    this.#isAsked = false
    if (process.pid !== null) {
      await group?.add(process.pid)
      await writePidFile(this.pidFile, process.pid)
    }
    const abort = new AbortController()
    const ending = await Promise.race([process.ended, this.#untilUp(abort.signal)])
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
    await mkdir(join(datadir, 'geth'), { recursive: true })
    await writeFile(join(datadir, 'geth/nodekey'), nodeKey(id))
    await writeFile(join(datadir, 'jwt.hex'), secret.toString('hex'))
    // A flag would set the port alone and listen on all addresses.
    const toml = `[Node.P2P]\nListenAddr = "127.0.0.1:${ports.peers}"\n`
    await writeFile(join(datadir, 'config.toml'), `${toml}StaticNodes = ${JSON.stringify(peers)}\n`)
  }

  /** @returns null when it answers; the last try's end in words when time is up */
  async #untilUp(signal: AbortSignal): Promise<{ readonly how: string } | null> {
    const untilMs = performance.now() + startTimeoutMs
    const engine = this.engine()
    try {
      for (;;) {
        try {
          await engine.head()
          return null
        } catch (error) {
          if (signal.aborted || performance.now() > untilMs) return { how: String(error) }
        }
        await pause(pollMs)
      }
    } finally {
      await engine.close()
    }
  }
}

/** What every Geth of a fleet is started with, and what makes its data directory. */
export function gethFlags(datadir: string, cacheMb: number): readonly string[] {
  return [
    ...['--datadir', datadir, '--state.scheme', 'path', '--networkid', String(chainId)],
    ...['--syncmode', 'full', '--nodiscover', '--nat', 'none', '--netrestrict', '127.0.0.0/8'],
    ...['--maxpeers', '32', '--ipcdisable', '--cache', String(cacheMb), '--verbosity', '2'],
  ]
}

/** Where the node called `id` listens for peers, with the key that goes with its name. */
export function enodeOf(id: string, port: number): string {
  const curve = createECDH('secp256k1')
  curve.setPrivateKey(nodeKey(id), 'hex')
  return `enode://${curve.getPublicKey('hex').slice(2)}@127.0.0.1:${port}?discport=0`
}

function nodeKey(id: string): string {
  return createHash('sha256').update(`equipoise node ${id}`).digest('hex')
}
