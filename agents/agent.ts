import { hostname } from 'node:os'
import { type Clock, systemClock } from './clock.ts'
import { type AgentConfig, checkConfig, defaults } from './config.ts'
import { Metrics, type Scrape } from './metrics.ts'
import { type Report, reportVersion } from './report.ts'
import { createRoutes } from './routes.ts'
import { AgentServer } from './server.ts'
import { openMachine } from './sources/machine.ts'
import type { Machine } from './sources/source.ts'
import { Streams } from './streams.ts'
import { packageVersion } from './version.ts'
import { WatchedNode } from './watched-node.ts'

/** What an agent is made of: {@link AgentConfig} with defaults, and where its lines for people go. */
export type AgentOptions = Partial<AgentConfig> &
  Pick<AgentConfig, 'nodes'> & {
    /** Takes one line for people, such as `geth-1: process 4242 has ended`. Nowhere by default. */
    readonly log?: (line: string) => void
    readonly clock?: Clock
  }

/** Watches processes and tells what they have left. */
export type Agent = {
  /**
   * Begins to read and to answer.
   * @throws Error as `listen` of node:net does, when the address is not to be had.
   */
  listen(): Promise<{ readonly url: string }>
  /** Ends all streams and connections, at once. */
  close(): Promise<void>
}

/** @throws ConfigError with every problem of `options`. */
export function createAgent(options: AgentOptions): Agent {
  const { log = () => {}, clock = systemClock, ...given } = options
  const config: AgentConfig = { ...defaults, host: hostname(), ...given }
  checkConfig(config)
  return new ProcessAgent(config, clock, log)
}

class ProcessAgent implements Agent {
  readonly #config: AgentConfig
  readonly #clock: Clock
  readonly #machine: Machine
  readonly #nodes: readonly WatchedNode[]
  readonly #streams = new Streams()
  readonly #server: AgentServer
  readonly #version = packageVersion()
  #timer: NodeJS.Timeout | undefined
  #seq = 0
  #busyMs = 0

  constructor(config: AgentConfig, clock: Clock, log: (line: string) => void) {
    this.#config = config
    this.#clock = clock
    const { source: mode, procRoot, cgroupRoot, nodes } = config
    this.#machine = openMachine({ mode, procRoot, cgroupRoot, clock, log })
    this.#nodes = nodes.map((node) => new WatchedNode(node, this.#machine, log))
    const { addr, port, tokenFile } = config
    this.#server = new AgentServer({
      addr,
      port,
      ...(tokenFile !== undefined && { tokenFile }),
      routes: createRoutes({
        line: () => this.#line(),
        streams: this.#streams,
        metrics: new Metrics(() => this.#scrape()),
      }),
      open: new Set(['/healthz']),
      log,
    })
  }

  async listen(): Promise<{ readonly url: string }> {
    const address = await this.#server.listen()
    this.#tick()
    this.#timer = setInterval(() => this.#tick(), this.#config.intervalMs)
    return address
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#streams.close()
    await this.#server.close()
    for (const node of this.#nodes) node.close()
    await this.#machine.close()
  }

  /** One interval: reads every node and writes one line, made once for all readers. */
  #tick(): void {
    const startMs = this.#clock.nowMs()
    this.#machine.refresh()
    for (const node of this.#nodes) node.observe()
    this.#seq += 1
    if (this.#streams.count > 0) this.#streams.send(this.#line(), this.#clock.nowMs())
    this.#busyMs += this.#clock.nowMs() - startMs
  }

  #report(): Report {
    const { host, intervalMs } = this.#config
    const nowMs = this.#clock.nowMs()
    return {
      v: reportVersion,
      host,
      seq: this.#seq,
      t: this.#clock.wallMs(),
      interval: intervalMs,
      nodes: this.#nodes.map((node) => node.report(nowMs)),
    }
  }

  #line(): string {
    return `${JSON.stringify(this.#report())}\n`
  }

  #scrape(): Scrape {
    return {
      version: this.#version,
      nodes: this.#report().nodes,
      reports: this.#seq,
      streams: this.#streams.count,
      droppedLines: this.#streams.droppedLines,
      busyS: this.#busyMs / 1000,
    }
  }
}
