import type { NodeReport } from '../agents/report.ts'
import { createAdmin } from './admin/admin.ts'
import { meterOf, parseStrategy } from './balance/strategy-choice.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { Consistency } from './consistency/consistency.ts'
import { Heads } from './consistency/heads.ts'
import { Sessions } from './consistency/session.ts'
import { namedContracts } from './contracts.ts'
import { FleetSnapshots } from './fleet-snapshot.ts'
import type { Log } from './log.ts'
import { type MemberParts, Members } from './members.ts'
import { Metrics } from './metrics/metrics.ts'
import { OwnLoad } from './own-load.ts'
import { Placement } from './placement.ts'
import { Relay } from './relay.ts'
import { compatOf, latestCompat } from './rpc/compat.ts'
import { Exposure } from './rpc/exposure.ts'
import { Router } from './rpc/router.ts'
import type { Answerer } from './server/answerer.ts'
import { ClientSessions } from './server/client-sessions.ts'
import { Front, type FrontUrls, named } from './server/front.ts'
import { Costs } from './state/costs.ts'
import { CallStats } from './stats/call-stats.ts'
import { Streams } from './streams/streams.ts'
import { UnknownCores } from './unknown-cores.ts'
import type { AgentAccess } from './upstream/agent-access.ts'
import { Agents } from './upstream/agents.ts'
import { Collector } from './upstream/collector.ts'
import { Fleet } from './upstream/fleet.ts'
import { HeadFollower } from './upstream/head.ts'
import { HealthChecks } from './upstream/health.ts'
import { NodeSockets } from './upstream/node-sockets.ts'
import { PushedReports } from './upstream/pushed-reports.ts'
import type { Upstream } from './upstream/upstream.ts'
import { upstreamOf } from './upstream-of.ts'
import { discoveryOf, passThroughOf, type Reread, recorderOf } from './wiring.ts'
import { Writes } from './writes/writes.ts'

/** Secrets and names that do not stand in the configuration itself. */
export type Secrets = {
  readonly adminToken: string | null
  readonly agents: AgentAccess
}

/** Where a proxy can be asked, and where it can be watched. */
export type ProxyUrls = FrontUrls & { readonly adminUrl: string }

/** A proxy that is wired and not yet listening. */
export type Proxy = {
  /**
   * Asks every node once, then opens every port.
   * @throws Error with code `EADDRINUSE` and `flag`, the flag that names the port which is taken
   */
  listen(): Promise<ProxyUrls>
  /** Reads the nodes of the configuration and of every provider again. What cannot be read stands. */
  reload(): void
  /** Stops taking calls, lets those under way end for `graceMs`, and leaves nothing open. */
  close(graceMs?: number): Promise<void>
}

/** A provider that says nothing for so long is not waited for before the ports open. */
const firstWordMs = 2_000

/** Wires every part of a proxy. The one place that knows them all. */
export function createProxy(
  config: Config,
  secrets: Secrets,
  version: string,
  log: Log,
  reread: Reread = () => null,
): Proxy {
  const clock = systemClock
  const rng = Math.random
  const choice = config.strategy
  const costs = new Costs()
  const made = config.nodes.map((spec) => {
    const meter = meterOf(choice, { clock, cores: spec.cores ?? null, costs })
    return { spec, upstream: upstreamOf(spec, config, meter, clock) }
  })
  const founders = made.map(({ upstream }) => upstream)
  const chain = config['chain-id']
  const fleet = new Fleet(
    founders,
    {
      maxLagBlocks: config.health['max-lag'],
      chainId: chain === undefined ? null : `0x${chain.toString(16)}`,
    },
    ({ id, health, reason, draining, breaker, isShortOfMemory, meter, lastReport }) => {
      const rung = meter.rung?.()
      const details = { node: id, health, reason, draining, breaker: breaker.state, rung }
      // Its agent was believed, or should be: now the strategy goes by less than it could.
      const isBlind = lastReport !== null && (rung === 'weighted' || rung === 'unweighted')
      const isWell = health === 'up' && !isShortOfMemory && !isBlind
      log[isWell ? 'info' : 'warn']({ ...details, isShortOfMemory }, 'node changed')
    },
  )
  const { interval, timeout } = config.health
  const health = new HealthChecks(fleet, { intervalMs: interval, timeoutMs: timeout }, clock)
  const recorder = recorderOf(config, fleet, clock, log)
  const unknownCores = new UnknownCores(
    (details, message) => log.warn(details, message),
    () => placement.dispatcher.choice.name,
  )
  const onReport = (upstream: Upstream, report: NodeReport, sent: number) => {
    recorder?.report(upstream.id, sent, report)
    unknownCores.ofReport(upstream, report)
  }
  const hearing = (upstream: Upstream): Upstream => {
    upstream.load.onReport = (report) => onReport(upstream, report, Date.now())
    return upstream
  }
  founders.forEach(hearing)
  const credentials = () => secrets.agents.credentials()
  const agents = new Agents((url, upstreams) => {
    const onTurn = (problem: string | null): void => {
      const level = problem === null ? 'info' : 'warn'
      log[level]({ agent: url.host, problem }, problem === null ? 'agent read' : 'agent not read')
    }
    return new Collector({ url, credentials, upstreams, onReport, onTurn }, clock, rng)
  })

  const overHttp = new Exposure({ api: config.http.api, ...config.methods })
  const overWs = new Exposure({ api: config.ws.api ?? config.http.api, ...config.methods })
  const calls = new CallStats(new Set([...overHttp.knownMethods(), ...overWs.knownMethods()]))
  const contracts = namedContracts(calls.contracts, clock, config.abi)
  const placement = new Placement(
    fleet,
    {
      choice,
      meterOf: (chosen, cores) => meterOf(chosen, { clock, cores, costs }),
      timeoutMs: config.limits.timeout,
      recorder,
    },
    calls,
    clock,
    rng,
  )
  unknownCores.ofNodes(config.nodes)
  const sockets = new NodeSockets()
  const { quorum, strict, wait } = config.consistency
  const heads = new Heads(fleet, { quorum, maxWaitMs: wait }, clock)
  const parts: MemberParts = {
    fleet,
    health,
    agents,
    upstreamOf: (spec) => {
      return hearing(upstreamOf(spec, config, placement.meterFor(spec.cores ?? null), clock))
    },
    followerOf: (upstream) => new HeadFollower(upstream, sockets.of(upstream), heads, clock),
    mayBelieve: (upstream) => heads.mayBelieve(upstream),
    renewMeter: (upstream) => placement.renewMeter(upstream),
    left: (upstream) => heads.forget(upstream),
    drop: (upstream) => sockets.drop(upstream),
    log: (details, message) => log.info(details, message),
  }
  const members = new Members(parts, made)
  const discovery = discoveryOf(config, reread, members, clock, log)
  const pushed = new PushedReports(() => members.upstreams, clock, onReport)
  const journal = {
    folder: config.journal ?? null,
    onError: (error: unknown) => log.error({ err: error }, 'the journal cannot be written'),
  }
  const writes = new Writes(fleet, {
    ...journal,
    timeoutMs: config.limits.timeout,
    nowMs: () => clock.nowMs(),
    wallMs: () => Date.now(),
    contracts: calls.contracts,
  })
  const streams = new Streams(fleet, heads, (upstream) => sockets.of(upstream), clock, journal)
  heads.onChange((change) => {
    writes.take(change)
    if (change.kind === 'advance') return
    const { ancestor, removed, added } = change
    const counts = { removed: removed.length, added: added.length }
    log.warn({ ancestor: ancestor?.number ?? null, ...counts }, 'reorganisation')
  })
  const sessions = new ClientSessions(config['session-header'] ?? null, new Sessions(), clock)
  const relay = new Relay(
    placement,
    new Consistency(heads, strict),
    writes,
    costs,
    calls,
    streams,
    clock,
    {
      batch: {
        maxItems: config.rpc['batch-request-limit'] || Number.POSITIVE_INFINITY,
        maxAnswerBytes: config.rpc['batch-response-max-size'],
      },
      maxCalls: config.limits['max-calls'],
    },
    (error) => log.error({ err: error }, 'a call failed by a defect of the proxy'),
  )
  const compat = compatOf(config.rpc.compat) ?? latestCompat
  const answerer = (exposure: Exposure): Answerer => {
    const router = new Router(exposure, compat)
    return (parsed, exchange) => relay.answer(parsed, exchange, router)
  }
  const answer = answerer(overHttp)
  const ownLoad = new OwnLoad(() => fleet.view, relay, clock)
  const front = new Front(
    config,
    { http: answer, ws: answerer(overWs), ipc: answer },
    passThroughOf(config, () => fleet.view.readers, clock),
    compat,
    (push) => streams.subscriptions.endAll(push),
    sessions,
    (format) => ownLoad.headers(format),
    clock,
  )

  const counted = { calls, contracts, ledger: writes }
  const snapshots = new FleetSnapshots(
    { fleet, heads, placement, relay, discovery, members },
    clock,
    version,
  )
  const metrics = new Metrics({
    snapshot: () => snapshots.snapshot(),
    nodes: () => members.upstreams,
    agents: () => [...agents.collectors, ...pushed.agents],
    pushes: () => pushed.refused,
    decisions: () => placement.decisions,
    held: placement.dispatcher.heldSeconds,
    streams,
    ...counted,
  })
  const admin = createAdmin({
    addr: config.admin.addr,
    port: config.admin.port,
    token: secrets.adminToken,
    log,
    metrics,
    ...counted,
    reports: { token: () => secrets.agents.token(), take: (value) => pushed.take(value) },
    fleet: {
      snapshot: () => snapshots.snapshot(),
      drain: (id) => setDraining(fleet, id, true),
      resume: (id) => setDraining(fleet, id, false),
      setStrategy(value) {
        placement.use(parseStrategy(value))
        log.info({ strategy: placement.strategy }, 'strategy changed')
        return placement.strategy
      },
    },
  })
  return { listen, reload: () => discovery.reload(), close }

  async function listen(): Promise<ProxyUrls> {
    try {
      await named('--journal', writes.open())
      await members.start()
      await discovery.start(firstWordMs)
      await members.settled()
      await named('--journal', streams.open())
      agents.start()
      const urls = await front.listen()
      const { url: adminUrl } = await named('--admin.port', admin.listen())
      return { ...urls, adminUrl }
    } catch (error) {
      await close(0)
      throw error
    }
  }

  async function close(graceMs = 5_000): Promise<void> {
    await discovery.close()
    await front.close(graceMs)
    heads.close()
    await streams.close()
    await writes.close()
    await members.close()
    await sockets.close()
    await admin.close()
    await agents.close()
    await health.close()
    await metrics.close()
    await fleet.close()
    await recorder?.close()
  }
}

function setDraining(fleet: Fleet, id: string, draining: boolean): boolean {
  const upstream = fleet.byId(id)
  if (upstream === undefined) return false
  upstream.draining = draining
  fleet.refresh()
  return true
}
