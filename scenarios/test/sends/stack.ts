import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AnvilFleet } from '../../fleets/anvil.ts'
import type { Fleet, FleetEvent } from '../../fleets/fleet.ts'
import { GethFleet } from '../../fleets/geth.ts'
import { freePorts } from '../../ports.ts'
import { Reaper } from '../../reaper.ts'
import { Service } from '../../service.ts'
import { Gate } from './gate.ts'

export type SendsStackOptions = {
  readonly client: 'anvil' | 'geth'
  readonly nodes: number
  readonly blockTimeMs: number
  /** Whether a gate stands before every node. */
  readonly gates?: boolean
  /** Whether the proxy keeps a journal on the disk. */
  readonly journal?: boolean
  /** Of the proxy's configuration file, in YAML. */
  readonly config?: string
}

/** A fleet and the proxy before it, whose process can be killed. */
export class SendsStack {
  readonly endpoint: string
  readonly adminUrl: string
  readonly fleet: Fleet
  readonly gates: readonly Gate[]
  /** What went wrong by itself, in words. */
  readonly troubles: string[] = []
  /** Times that the fleet replaced a block which a node may have shown. */
  readonly corrections: () => number
  readonly #reaper: Reaper
  readonly #command: readonly [string, ...string[]]
  #proxy: Service

  private constructor(
    fleet: Fleet,
    gates: readonly Gate[],
    reaper: Reaper,
    ports: readonly [number, number],
    args: readonly string[],
    corrections: () => number,
  ) {
    this.corrections = corrections
    const [httpPort, adminPort] = ports
    this.endpoint = `http://127.0.0.1:${httpPort}`
    this.adminUrl = `http://127.0.0.1:${adminPort}`
    this.fleet = fleet
    this.gates = gates
    this.#reaper = reaper
    const bin = join(import.meta.dirname, '../../../proxy/bin.ts')
    const listen = ['--http.port', String(httpPort), '--admin.port', String(adminPort)]
    this.#command = [process.execPath, bin, ...listen, '--log.level', 'warn', ...args]
    this.#proxy = this.#service()
  }

  static async start(options: SendsStackOptions): Promise<SendsStack> {
    const { client, nodes, blockTimeMs, config = '{}' } = options
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-sends-'))
    const reaper = new Reaper(folder)
    let corrections = 0
    const onEvent = ({ kind }: FleetEvent): void => {
      if (kind === 'node-corrected') corrections += 1
    }
    const fleetOptions = { nodes, blockTimeMs, cpus: [], folder, reaper, onEvent }
    const gates: Gate[] = []
    let fleet: Fleet | null = null
    try {
      fleet = await (client === 'geth' ? GethFleet : AnvilFleet).start(fleetOptions)
      const addresses: string[] = []
      for (const { id, url } of fleet.nodes) {
        const gate = options.gates === true ? await Gate.start(url) : null
        if (gate !== null) gates.push(gate)
        addresses.push('--node', `${id}=${gate?.url ?? url}`)
      }
      const [http = 0, admin = 0] = await freePorts(2)
      const journal = options.journal === true ? ['--journal', join(folder, 'journal')] : []
      const file = join(folder, 'config.yaml')
      await writeFile(file, config)
      const args = ['--config', file, ...addresses, ...journal]
      const stack = new SendsStack(fleet, gates, reaper, [http, admin], args, () => corrections)
      await stack.#proxy.start()
      return stack
    } catch (error) {
      await endAll(fleet, gates, reaper)
      throw error
    }
  }

  /** Ends the proxy as `kill -9` does. Resolves when it has ended. */
  async killProxy(): Promise<void> {
    const { pid } = this.#proxy
    // So that its end is not taken for trouble.
    const closing = this.#proxy
    process.kill(pid, 'SIGKILL')
    await closing.close()
  }

  async startProxy(): Promise<void> {
    this.#proxy = this.#service()
    await this.#proxy.start()
  }

  async close(): Promise<void> {
    await this.#proxy.close()
    await endAll(this.fleet, this.gates, this.#reaper)
  }

  #service(): Service {
    return new Service('proxy', this.#command, this.#reaper, (text) => this.troubles.push(text))
  }
}

async function endAll(fleet: Fleet | null, gates: readonly Gate[], reaper: Reaper): Promise<void> {
  for (const gate of gates) await gate.close()
  await fleet?.close()
  await reaper.close()
}
