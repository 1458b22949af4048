import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { Cadence } from './cadence.ts'
import { type Clock, systemClock } from './clock.ts'
import { type AgentConfig, checkConfig, defaults } from './config.ts'
import type { ContainerReach } from './containers/container-subject.ts'
import { reachContainers } from './containers/reach-containers.ts'
import { Durations } from './durations.ts'
import { AgentCheck } from './haproxy.ts'
import type { Scrape } from './metric-rows.ts'
import { Metrics } from './metrics.ts'
import { Push } from './push.ts'
import { tokenInClear } from './reach.ts'
import { type NodeReport, type Report, reportVersion } from './report.ts'
import { createRoutes } from './routes.ts'
import { maxNodes } from './selection.ts'
import { AgentServer } from './server.ts'
import { openMachine } from './sources/machine.ts'
import type { Machine } from './sources/source.ts'
import { Streams } from './streams.ts'
import { packageVersion } from './version.ts'
import { WatchList } from './watch-list.ts'

/** What an agent is made of: {@link AgentConfig} with defaults, and where its lines for people go. */
export type AgentOptions = Partial<AgentConfig> & {
  /** Takes one line for people, such as `geth-1: process 4242 has ended`. Nowhere by default. */
  readonly log?: (line: string) => void
  readonly clock?: Clock
}

/** Watches processes and containers, and tells what they have left. */
export type Agent = {
  /**
   * Begins to read, to answer, and to push where that is wanted.
   * @returns where it listens, and where it answers HAProxy if it does
   * @throws Error as `listen` of node:net does, when an address is not to be had; `flag` names it
   */
  listen(): Promise<AgentAddresses>
  /** Ends all streams and connections, at once. */
  close(): Promise<void>
}

export type AgentAddresses = { readonly url: string; readonly haproxy?: string }

/** An axis of pressure that moved by more than this is told at once. */
const worthTelling = 0.1

/** A timer may be so late before the agent is no longer well, in intervals and in milliseconds. */
const wellIntervals = 3
const wellMs = 5_000

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
  readonly #reach: ContainerReach | undefined
  readonly #list: WatchList
  readonly #cadence: Cadence
  readonly #streams = new Streams()
  readonly #server: AgentServer
  readonly #checks: AgentCheck | undefined
  readonly #pushes: readonly Push[]
  /** Tells the runs of agents apart, and which of two is later; see {@link Report}. */
  readonly #boot: number
  readonly #version = packageVersion()
  readonly #cycles = new Durations()
  readonly #lateness = new Durations()
  #seq = 0
  #tickedAtMs = Number.NEGATIVE_INFINITY

  constructor(config: AgentConfig, clock: Clock, log: (line: string) => void) {
    this.#config = config
    this.#clock = clock
    const { source: mode, procRoot, cgroupRoot, nodes, containers } = config
    this.#machine = openMachine({ mode, procRoot, cgroupRoot, clock, log })
    this.#reach = reachContainers(config, this.#machine, clock, log)
    const [machine, reach] = [this.#machine, this.#reach]
    this.#list = new WatchList({ nodes, containers, machine, reach, clock, maxNodes, log })
    this.#cadence = new Cadence({
      intervalMs: config.intervalMs,
      clock,
      beat: () => this.#tick(),
      isWantedNow: () => this.#list.nodes.some((node) => node.hasMoved(worthTelling)),
      onLate: (lateMs) => this.#lateness.add(lateMs),
    })
    this.#boot = clock.wallMs() * 1000 + randomInt(1000)
    const { addr, port, tokenFile, tls, haproxyPort, push } = config
    const access = { addr, ...(tokenFile !== undefined && { tokenFile }) }
    const nodesNow = (): readonly NodeReport[] => this.#nodeReports()
    this.#server = new AgentServer({
      ...access,
      port,
      ...(tls !== undefined && { tls }),
      routes: createRoutes({
        line: () => this.#line(),
        nodes: nodesNow,
        isWell: () => this.#isWell,
        streams: this.#streams,
        metrics: new Metrics(() => this.#scrape()),
      }),
      open: new Set(['/healthz']),
      log,
    })
    if (haproxyPort !== undefined) {
      this.#checks = new AgentCheck({ ...access, port: haproxyPort, nodes: nodesNow, log })
    }
    const line = (): string => this.#line()
    this.#pushes = (push?.urls ?? []).map((url) => new Push({ ...push, url, line, clock, log }))
    for (const { host } of push === undefined ? [] : tokenInClear(push)) {
      log(`push to ${host}: the token can be read on the way; https would hide it`)
    }
  }

  async listen(): Promise<AgentAddresses> {
    const { url } = await this.#server.listen()
    const checks = await this.#checks?.listen().catch((error: unknown) => {
      throw Object.assign(error as Error, { flag: '--haproxy-port' })
    })
    this.#reach?.table.start(() => this.#cadence.nudge())
    this.#cadence.start()
    return { url, ...(checks !== undefined && { haproxy: checks.address }) }
  }

  async close(): Promise<void> {
    this.#cadence.close()
    await this.#reach?.table.close()
    this.#streams.close()
    await Promise.all(this.#pushes.map((push) => push.close()))
    await Promise.all([this.#server.close(), this.#checks?.close()])
    this.#list.close()
    await this.#machine.close()
  }

  /** One beat: reads every node and writes one line, made once for all readers. */
  #tick(): void {
    const startMs = this.#clock.nowMs()
    this.#tickedAtMs = startMs
    this.#machine.refresh()
    this.#list.follow()
    for (const node of this.#list.nodes) node.observe()
    this.#seq += 1
    if (this.#streams.count > 0) this.#streams.send(this.#line(), this.#clock.nowMs())
    for (const push of this.#pushes) push.offer()
    // The first reading opens every file and is of no use as a measure of the rest.
    if (this.#seq > 1) this.#cycles.add(this.#clock.nowMs() - startMs)
  }

  get #isWell(): boolean {
    const sinceMs = this.#clock.nowMs() - this.#tickedAtMs
    return sinceMs <= wellMs + wellIntervals * this.#config.intervalMs
  }

  #nodeReports(): readonly NodeReport[] {
    const nowMs = this.#clock.nowMs()
    return this.#list.nodes.map((node) => node.report(nowMs))
  }

  #report(): Report {
    const { host, intervalMs } = this.#config
    return {
      v: reportVersion,
      host,
      boot: this.#boot,
      seq: this.#seq,
      t: this.#clock.wallMs(),
      interval: intervalMs,
      nodes: this.#nodeReports(),
    }
  }

  #line(): string {
    return `${JSON.stringify(this.#report())}\n`
  }

  #scrape(): Scrape {
    return {
      version: this.#version,
      nodes: this.#nodeReports(),
      reports: this.#seq,
      streams: this.#streams.count,
      droppedLines: this.#streams.droppedLines,
      refused: this.#server.refused,
      checks: this.#checks?.answered ?? null,
      pushes: this.#pushes,
      cycles: this.#cycles,
      lateness: this.#lateness,
    }
  }
}
