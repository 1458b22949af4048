import { readFile, rm } from 'node:fs/promises'
import { cpus as machineCpus } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type Docker from 'dockerode'
import type { Reaper } from '../../reaper.ts'
import type { FleetNode } from '../fleet.ts'
import { writeGethFiles } from '../geth/command-line.ts'
import { Engine } from '../geth/engine.ts'
import { untilUp } from '../geth/until-up.ts'
import { LogRing } from '../log-ring.ts'
import { writePidFile } from '../pid-file.ts'
import { type ContainerPlan, creation, ports, runLine } from './container-plan.ts'
import { statusOf } from './daemon.ts'
import { freezeContainer } from './freeze.ts'

export type ContainerNodeOptions = {
  readonly docker: Docker
  readonly plan: ContainerPlan
  /** Where the other nodes listen for peers: `enode://…`. */
  readonly peers: readonly string[]
  /** The 32 bytes that node and consensus client share. */
  readonly secret: Buffer
  /** For its pid file. */
  readonly folder: string
  readonly reaper: Reaper
  /** Its container has stopped, `how` in words; `asked` when by {@link ContainerNode.kill}. */
  readonly onEnded: (node: ContainerNode, how: string, asked: boolean) => void
}

const startTimeoutMs = 60_000
const endTimeoutMs = 10_000
const nanosPerCore = 1e9

/** One Geth in a container of its own, from one start to its end, and again on the same data. */
export class ContainerNode implements FleetNode {
  readonly id: string
  readonly url: string
  /** WebSocket, on the same port. */
  readonly webSocketUrl: string
  readonly pidFile: string
  readonly datadir: string
  readonly commandLine: string
  readonly log = new LogRing()
  readonly #options: ContainerNodeOptions
  #cpus: number | null
  #container: Docker.Container | null = null
  #pid: number | null = null
  #isAsked = false
  #isStarting = false
  #ended = Promise.withResolvers<string>()

  constructor(options: ContainerNodeOptions) {
    const { plan, folder } = options
    this.id = plan.id
    this.url = `http://${plan.address}:${ports.http}`
    this.webSocketUrl = `ws://${plan.address}:${ports.http}`
    this.pidFile = join(folder, `${plan.id}.pid`)
    this.datadir = plan.datadir
    this.commandLine = runLine(plan)
    this.#cpus = plan.cpus
    this.#options = options
  }

  /** Its process id on this machine, outside the container; null while it is down. */
  pid(): number | null {
    return this.#pid
  }

  get cpus(): number | null {
    return this.#cpus
  }

  /** 64 hexadecimal digits, or null before its first start. A container removed by others gets a successor. */
  get containerId(): string | null {
    return this.#container?.id ?? null
  }

  /** Whether {@link start} is at work. */
  get isStarting(): boolean {
    return this.#isStarting
  }

  /** A new connection to its Engine API, to be closed by who asked for it. */
  engine(): Engine {
    return new Engine(`http://${this.#options.plan.address}:${ports.engine}`, this.#options.secret)
  }

  /**
   * Starts the container, and makes it if there is none. It has its CPU quota once it takes calls,
   * for starting takes half a second of CPU. Resolves then.
   * @throws Error with its last words when it ends before, or does not come up in time
   */
  async start(): Promise<void> {
    this.#isStarting = true
    try {
      await this.#begin()
      await this.#limit(null)
      await this.#untilUp()
      await this.#limit(this.#cpus)
    } finally {
      this.#isStarting = false
    }
  }

  /** Its container was started by others. Resolves when it takes calls, or is gone again. */
  async adopt(): Promise<void> {
    await this.#look()
    if (this.#pid !== null) await this.#untilUp().catch(() => {}) // Its end is told as such.
  }

  /** Looks whether it runs, and with which quota, after others may have changed either. */
  async look(): Promise<void> {
    if (!this.#isStarting) await this.#look()
  }

  /** Ends it as `kill -9` does, and leaves the container stopped. */
  async kill(): Promise<void> {
    if (this.#pid === null) return
    this.#isAsked = true
    try {
      await this.#container?.kill()
    } catch (error) {
      const status = statusOf(error)
      if (status !== 404 && status !== 409) throw error // It had ended by itself.
    }
    const timer = setTimeout(() => void this.#look(), endTimeoutMs)
    await this.#ended.promise
    clearTimeout(timer)
  }

  async freeze(): Promise<void> {
    if (this.#container !== null) await freezeContainer(this.#container)
  }

  async thaw(): Promise<void> {
    await this.#container?.unpause()
  }

  /** Another CPU quota, at once and after a restart. @throws Error when it has none */
  async setCpus(cpus: number): Promise<void> {
    if (this.#cpus === null) throw new Error(`${this.id} runs without a quota`)
    this.#cpus = cpus
    await this.#limit(cpus)
  }

  /** Takes the container away, whatever it is doing. */
  async remove(): Promise<void> {
    this.#isAsked = true
    try {
      await this.#container?.remove({ force: true, v: true })
    } catch (error) {
      const status = statusOf(error)
      if (status !== 404 && status !== 409) throw error // It is gone, or is being removed.
    }
    this.ended('it was removed')
  }

  /** Its container has stopped. Told to others once for each start. */
  ended(how: string): void {
    const pid = this.#pid
    if (pid === null) return
    this.#pid = null
    this.#options.reaper.unwatch(pid)
    this.#ended.resolve(how)
    void rm(this.pidFile, { force: true })
    this.#options.onEnded(this, how, this.#isAsked)
  }

  async #begin(): Promise<void> {
    const { docker, plan, peers, secret } = this.#options
    const listen = `:${ports.peers}`
    await writeGethFiles({ datadir: plan.datadir, id: plan.id, listen, peers, secret })
    this.#isAsked = false
    try {
      await this.#container?.start()
    } catch (error) {
      if (statusOf(error) !== 404) throw error
      this.#container = null // Others have removed it.
    }
    if (this.#container === null) {
      this.#container = await docker.createContainer(creation(plan))
      await this.#container.start()
    }
    await this.#look()
    if (this.#pid === null) throw new Error(`${this.id} ended at once: ${this.#lastWords()}`)
  }

  async #look(): Promise<void> {
    const found = await this.#container?.inspect().catch((error: unknown) => {
      if (statusOf(error) === 404) return undefined
      throw error
    })
    if (found === undefined || !found.State.Running) {
      this.ended(found === undefined ? 'it was removed' : `exit code ${found.State.ExitCode}`)
      return
    }
    const nanos = found.HostConfig.NanoCpus ?? 0
    if (!this.#isStarting) this.#cpus = nanos === 0 ? null : nanos / nanosPerCore
    if (found.State.Pid === this.#pid) return
    this.ended('it was restarted')
    await assertHere(found.State.Pid, found.Id)
    this.#pid = found.State.Pid
    this.#ended = Promise.withResolvers()
    this.#options.reaper.watch(this.#pid)
    await writePidFile(this.pidFile, this.#pid)
    await this.#followLog(found.State.StartedAt)
  }

  async #untilUp(): Promise<void> {
    const abort = new AbortController()
    const ended = this.#ended.promise.then((how) => ({ how }))
    const ending = await Promise.race([ended, untilUp(this.engine(), startTimeoutMs, abort.signal)])
    abort.abort()
    if (ending === null) return
    throw new Error(`${this.id} did not come up (${ending.how}); ${this.#lastWords()}`)
  }

  async #limit(cpus: number | null): Promise<void> {
    if (this.#cpus === null || this.#pid === null) return
    // Zero would mean: as it is. All cores of the machine are what no quota comes to.
    const cores = cpus ?? machineCpus().length
    await this.#container?.update({ NanoCpus: Math.round(cores * nanosPerCore) })
  }

  async #followLog(since: string): Promise<void> {
    const stream = await this.#container?.logs({
      ...{ follow: true, stdout: true, stderr: true },
      since: Math.floor(Date.parse(since) / 1000),
    })
    if (stream === undefined) return
    const lines = new PassThrough()
    this.#options.docker.modem.demuxStream(stream, lines, lines)
    // It ends with the container, or with the daemon; the node's end is told by other ways.
    stream.on('error', () => lines.end())
    stream.on('end', () => lines.end())
    createInterface({ input: lines }).on('line', (line) => this.log.push(line))
  }

  #lastWords(): string {
    return this.log.last(3).lines.join(' | ') || 'it said nothing'
  }
}

/** @throws Error when a container's process is not one of this machine's, which others are to watch */
async function assertHere(pid: number, containerId: string): Promise<void> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  if (!groups.includes(containerId)) {
    throw new Error(
      'the Docker daemon is not on this machine, so its containers cannot be measured',
    )
  }
}
