import { parseStrategy, strategyText } from '../../balance/strategy-choice.ts'
import type { Clock } from '../../clock.ts'
import type { Rng } from '../../rng.ts'
import type { FleetControl } from '../routes.ts'
import type { FleetSnapshot, NodeSnapshot } from '../snapshot.ts'
import { sampleFleet, sampleNode } from './sample-fleet.ts'

type Actor = {
  readonly id: string
  readonly cpus: number
  /** Calls a second, and how much they swing. */
  readonly rate: number
  readonly periodS: number
  /** Pressure at full load: how hard the node's limit bites. */
  readonly strain: number
  draining: boolean
  calls: number
}

/**
 * A fleet that breathes, for looking at the dashboard and for its browser test: three nodes of
 * different size under a load that swings, one of which lags and reports late now and then, and a
 * fourth that is down.
 */
export function animatedFleet(clock: Clock, rng: Rng): FleetControl {
  const startedMs = clock.nowMs()
  let strategy = 'state-space'
  let atMs = startedMs
  const actors: Actor[] = [
    { id: 'geth-a', strain: 1.25, cpus: 0.25, rate: 40, periodS: 19, draining: false, calls: 0 },
    { id: 'geth-b', strain: 0.7, cpus: 0.5, rate: 85, periodS: 27, draining: false, calls: 0 },
    { id: 'geth-c', strain: 0.35, cpus: 1, rate: 170, periodS: 33, draining: false, calls: 0 },
    { id: 'geth-d', strain: 1, cpus: 0.5, rate: 0, periodS: 40, draining: false, calls: 0 },
  ]
  const find = (id: string) => actors.find((actor) => actor.id === id)
  const setDraining = (id: string, draining: boolean): boolean => {
    const actor = find(id)
    if (actor !== undefined) actor.draining = draining
    return actor !== undefined
  }

  function snapshot(): FleetSnapshot {
    const nowS = (clock.nowMs() - startedMs) / 1000
    const passedS = (clock.nowMs() - atMs) / 1000
    atMs = clock.nowMs()
    const nodes = actors.map((actor) => pose(actor, nowS, passedS, rng))
    return sampleFleet(nodes, {
      strategy,
      uptimeSeconds: 7380 + nowS,
      head: headAt(nowS),
      calls: actors.reduce((sum, actor) => sum + actor.calls, 0),
      failed: 0,
    })
  }

  return {
    snapshot,
    drain: (id) => setDraining(id, true),
    resume: (id) => setDraining(id, false),
    setStrategy: (value) => {
      strategy = strategyText(parseStrategy(value))
      return strategy
    },
  }
}

function headAt(nowS: number): number {
  return 21_804_112 + Math.floor(nowS)
}

function pose(actor: Actor, nowS: number, passedS: number, rng: Rng): NodeSnapshot {
  const { id, cpus, draining } = actor
  const swing = 0.5 + 0.5 * Math.sin((2 * Math.PI * nowS) / actor.periodS)
  const rate = draining ? 0 : actor.rate * (0.7 + 0.6 * swing)
  actor.calls += Math.round(rate * passedS)
  if (actor.rate === 0) return downNode(actor)
  const load = draining ? 0.02 : 0.12 + 0.55 * swing ** 1.5
  const isLate = id === 'geth-b' && nowS % 45 > 33
  const reported = stateAt(load, actor.strain, rng)
  return sampleNode(id, {
    draining,
    head: headAt(nowS) - (isLate ? 2 : 0),
    lagBlocks: isLate ? 2 : 0,
    inFlight: Math.round(rate * 0.012 * (1 + 3 * load)),
    calls: actor.calls,
    latencyMs: { p50: 2.2 + 5 * load, p99: (9 + 60 * load ** 2) * (1 + 0.1 * rng()) },
    reported,
    predicted: stateAt(Math.min(1, load + 0.05 + 0.04 * Math.sin(nowS)), actor.strain, rng),
    distance: draining ? null : load * (1 + 0.02 * rng()),
    reportAgeMs: isLate ? ((nowS % 45) - 33) * 1000 : 90 + 120 * rng(),
    capacity: { cpus, mem: 2 ** 30 * cpus },
  })
}

function stateAt(load: number, strain: number, rng: Rng) {
  return {
    cpu: Math.min(1, load * (0.99 + 0.02 * rng())),
    cpu_pressure: Math.min(1, strain * load ** 2 * (1 + 0.05 * rng())),
    memory: 0.31 + 0.1 * load,
    mem_pressure: 0,
    disk: 0.2 * load,
    io_pressure: 0.12 * load ** 2,
  }
}

function downNode({ id, cpus, calls }: Actor): NodeSnapshot {
  return sampleNode(id, {
    health: 'down',
    reason: 'connection refused',
    breaker: 'open',
    head: null,
    lagBlocks: null,
    inFlight: 0,
    calls,
    latencyMs: null,
    reported: null,
    predicted: null,
    distance: null,
    reportAgeMs: null,
    capacity: { cpus },
    source: null,
  })
}
