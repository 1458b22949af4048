import { createAdmin } from './admin/admin.ts'
import { meterOf, parseStrategy, strategyText } from './balance/strategy-choice.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { Consistency } from './consistency/consistency.ts'
import { Heads } from './consistency/heads.ts'
import { Sessions } from './consistency/session.ts'
import { namedContracts } from './contracts.ts'
import { FleetSnapshots } from './fleet-snapshot.ts'
import { Metrics } from './metrics/metrics.ts'
import { Placement } from './placement.ts'
import { Recorder } from './recorder.ts'
import { Relay } from './relay.ts'
import { compatOf, latestCompat } from './rpc/compat.ts'
import { Exposure } from './rpc/exposure.ts'
import { Router } from './rpc/router.ts'
import type { Answerer } from './server/answerer.ts'
import { ClientSessions } from './server/client-sessions.ts'
import { Front, type FrontUrls, named } from './server/front.ts'
import { PassThrough } from './server/pass-through.ts'
import { Costs } from './state/costs.ts'
import { CallStats } from './stats/call-stats.ts'
import { Streams } from './streams/streams.ts'
import { Collector } from './upstream/collector.ts'
import { Fleet } from './upstream/fleet.ts'
import { HeadFollower } from './upstream/head.ts'
import { HealthChecks } from './upstream/health.ts'
import { NodeSockets, webSocketUrlOf } from './upstream/node-sockets.ts'
import { Upstream } from './upstream/upstream.ts'
import { Writes } from './writes/writes.ts'

/** Where the proxy tells what it does; a pino logger is one. */
export type Log = {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** Secrets and names that do not stand in the configuration itself. */
export type Secrets = {
  readonly adminToken: string | null
  readonly agentToken: string | null
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
  /** Stops taking calls, lets those under way end for `graceMs`, and leaves nothing open. */
  close(graceMs?: number): Promise<void>
}

/** Wires every part of a proxy. The one place that knows them all. */
export function createProxy(config: Config, secrets: Secrets, version: string, log: Log): Proxy {
  const clock = systemClock
  const rng = Math.random
  const choice = config.strategy
  const costs = new Costs()
  const upstreams = config.nodes.map(({ id, url, cores }) => {
    const options = {
      id,
      url,
      cores: cores ?? null,
      connections: config.limits['sockets-per-node'],
      maxAnswerBytes: config.limits['max-answer-bytes'],
    }
    return new Upstream(options, meterOf(choice, { clock, cores: options.cores, costs }), clock)
  })
  const chain = config['chain-id']
  const fleet = new Fleet(
    upstreams,
    {
      maxLagBlocks: config.health['max-lag'],
      chainId: chain === undefined ? null : `0x${chain.toString(16)}`,
    },
    ({ id, health, reason, draining, breaker, isShortOfMemory, meter }) => {
      const rung = meter.rung?.()
      const details = { node: id, health, reason, draining, breaker: breaker.state, rung }
      const isWell = health === 'up' && !isShortOfMemory
      log[isWell ? 'info' : 'warn']({ ...details, isShortOfMemory }, 'node changed')
    },
  )
  const { interval, timeout } = config.health
  const health = new HealthChecks(fleet, { intervalMs: interval, timeoutMs: timeout }, clock)
  const recorder = recorderOf(config, upstreams, clock, log)
  const collectors = agentsOf(config, upstreams).map(
    ({ url, speaksFor }) =>
      new Collector(
        {
          url,
          token: secrets.agentToken,
          upstreams: speaksFor,
          onReport: ({ id }, report, sent) => recorder?.report(id, sent, report),
        },
        clock,
        rng,
      ),
  )

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
  const sockets = new NodeSockets(
    new Map(config.nodes.map(({ id, url, ws }) => [id, ws ?? webSocketUrlOf(url)])),
  )
  const { quorum, strict, wait } = config.consistency
  const heads = new Heads(fleet, { quorum, maxWaitMs: wait }, clock)
  const followers = upstreams.map(
    (upstream) => new HeadFollower(upstream, sockets.of(upstream), heads, clock),
  )
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
  const front = new Front(
    config,
    { http: answer, ws: answerer(overWs), ipc: answer },
    passThroughOf(config, fleet, clock),
    compat,
    (push) => streams.subscriptions.endAll(push),
    sessions,
    clock,
  )

  const snapshots = new FleetSnapshots(fleet, heads, placement, relay, clock, version)
  const counted = { calls, contracts, ledger: writes }
  const metrics = new Metrics({
    snapshot: () => snapshots.snapshot(),
    nodes: () => upstreams,
    agents: () => collectors,
    decisions: () => placement.decisions,
    held: placement.dispatcher.heldSeconds,
    ...counted,
  })
  const admin = createAdmin({
    addr: config.admin.addr,
    port: config.admin.port,
    token: secrets.adminToken,
    log,
    metrics,
    ...counted,
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
  return { listen, close }

  async function listen(): Promise<ProxyUrls> {
    try {
      await named('--journal', writes.open())
      await health.start()
      await Promise.all(followers.map((follower) => follower.start()))
      await named('--journal', streams.open())
      for (const collector of collectors) collector.start()
      const urls = await front.listen()
      const { url: adminUrl } = await named('--admin.port', admin.listen())
      return { ...urls, adminUrl }
    } catch (error) {
      await close(0)
      throw error
    }
  }

  async function close(graceMs = 5_000): Promise<void> {
    await front.close(graceMs)
    heads.close()
    await streams.close()
    await writes.close()
    await Promise.all(followers.map((follower) => follower.close()))
    await sockets.close()
    await admin.close()
    await Promise.all(collectors.map((collector) => collector.close()))
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

/** What passes what is not JSON-RPC to nodes, or null where nothing does. */
function passThroughOf(config: Config, fleet: Fleet, clock: Clock): PassThrough | null {
  const { graphql, 'pass-through': tunnels, limits, ws } = config
  const paths = graphql ? ['/graphql', ...tunnels] : tunnels
  if (paths.length === 0) return null
  const places = new Map<Upstream, URL>()
  for (const { id, url, web } of config.nodes) {
    const upstream = fleet.byId(id)
    if (upstream === undefined || web === false) continue
    places.set(upstream, web ?? new URL('/', url))
  }
  const perNode = limits['sockets-per-node']
  const timeoutMs = limits.timeout
  const options = { paths, tunnels, origins: ws.origins, places, perNode, timeoutMs }
  return new PassThrough(options, () => fleet.view.readers, clock)
}

/** What takes down arrivals, decisions and reports, or null where that is not wanted. */
function recorderOf(
  config: Config,
  upstreams: readonly Upstream[],
  clock: Clock,
  log: Log,
): Recorder | null {
  const { record: file, strategy, limits } = config
  if (file === undefined) return null
  const options = {
    file,
    maxBytes: limits['max-record-bytes'],
    strategy: strategyText(strategy),
    nodes: upstreams,
    wallMs: Date.now(),
  }
  return new Recorder(options, clock, (details, message) => log.warn(details, message))
}

/** Each agent once, with all the nodes it speaks for. */
function agentsOf(config: Config, upstreams: readonly Upstream[]) {
  const byUrl = new Map<string, { url: URL; speaksFor: Upstream[] }>()
  config.nodes.forEach(({ agent: url }, i) => {
    const upstream = upstreams[i]
    if (url === undefined || upstream === undefined) return
    const agent = byUrl.get(url.href) ?? { url, speaksFor: [] }
    agent.speaksFor.push(upstream)
    byUrl.set(url.href, agent)
  })
  return [...byUrl.values()]
}
