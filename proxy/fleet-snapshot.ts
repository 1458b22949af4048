import type { FleetSnapshot, NodeSnapshot } from './admin/snapshot.ts'
import { strategyNames } from './balance/strategies.ts'
import type { Clock } from './clock.ts'
import type { Heads } from './consistency/heads.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { Members } from './members.ts'
import type { Placement } from './placement.ts'
import type { Relay } from './relay.ts'
import { pointOf } from './state/vector.ts'
import { cpuWork } from './state/work.ts'
import type { Fleet } from './upstream/fleet.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What the distance shown is for: a light call, as most are. */
const typicalWork = cpuWork(0.2)

/** Where it is read. */
export type SnapshotSources = {
  readonly fleet: Fleet
  readonly heads: Heads
  readonly placement: Placement
  readonly relay: Relay
  readonly discovery: Discovery
  readonly members: Members
}

/** Everything the admin port shows, read at one moment. */
export class FleetSnapshots {
  readonly #sources: SnapshotSources
  readonly #clock: Clock
  readonly #version: string
  readonly #startedMs: number

  constructor(sources: SnapshotSources, clock: Clock, version: string) {
    this.#sources = sources
    this.#clock = clock
    this.#version = version
    this.#startedMs = clock.nowMs()
  }

  snapshot(): FleetSnapshot {
    const { fleet, heads, placement, relay, discovery, members } = this.#sources
    const { readers, head, chainId } = fleet.view
    const nowMs = this.#clock.nowMs()
    const { dispatcher } = placement
    const { joined, left } = members
    return {
      version: this.#version,
      strategy: placement.strategy,
      strategies: strategyNames,
      uptimeSeconds: (nowMs - this.#startedMs) / 1000,
      ready: readers.length > 0,
      chainId,
      head,
      chain: heads.snapshot(),
      calls: relay.answered,
      failed: relay.failed,
      held: { waiting: dispatcher.queued, total: dispatcher.heldCalls },
      discovery: { joined, left, providers: discovery.snapshot() },
      nodes: members.upstreams.map((upstream) => nodeSnapshot(upstream, head, nowMs)),
    }
  }
}

function nodeSnapshot(upstream: Upstream, fleetHead: number | null, nowMs: number): NodeSnapshot {
  const { head, meter, lastReport } = upstream
  const predicted = meter.predicted()
  const lag = head === null || fleetHead === null ? null : Math.max(0, fleetHead - head)
  return {
    id: upstream.id,
    url: shown(upstream.url),
    health: upstream.health,
    reason: upstream.reason,
    breaker: upstream.breaker.state,
    draining: upstream.draining,
    head,
    lagBlocks: lag,
    inFlight: upstream.inFlight,
    calls: upstream.calls,
    errors: upstream.failed,
    latencyMs: upstream.latency.quantiles(),
    reported: lastReport === null || lastReport.gone === true ? null : lastReport.x,
    predicted: predicted === null ? null : pointOf(predicted),
    distance: meter.cost(typicalWork),
    reportAgeMs: lastReport === null ? null : nowMs - upstream.reportedAtMs,
    capacity: upstream.capacity,
    rung: meter.rung?.() ?? null,
    source: lastReport?.src ?? null,
  }
}

/** A URL without the password or key that may stand in it. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : '/…'}`
}
