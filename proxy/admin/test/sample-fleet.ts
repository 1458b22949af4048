import type { FleetSnapshot, NodeSnapshot } from '../snapshot.ts'

/** One node that is well and has been asked; `but` changes what a test is about. */
export function sampleNode(id: string, but: Partial<NodeSnapshot> = {}): NodeSnapshot {
  return {
    id,
    url: `http://127.0.0.1:1/${id}`,
    health: 'up',
    reason: null,
    breaker: 'closed',
    draining: false,
    head: 1204,
    lagBlocks: 0,
    inFlight: 2,
    calls: 100,
    errors: 1,
    latencyMs: { p50: 4.2, p99: 31 },
    reported: { cpu: 0.3, cpu_pressure: 0.1, memory: 0.4 },
    predicted: { cpu: 0.36, cpu_pressure: 0.14, memory: 0.4 },
    distance: 0.39,
    reportAgeMs: 120,
    capacity: { cpus: 0.5, mem: 2 ** 29 },
    rung: 'quota',
    source: 'cgroup1+psi',
    ...but,
  }
}

/** A fleet of these nodes, ready. */
export function sampleFleet(
  nodes: readonly NodeSnapshot[],
  but: Partial<FleetSnapshot> = {},
): FleetSnapshot {
  return {
    version: '1.2.3',
    strategy: 'state-space',
    strategies: ['round-robin', 'least-connection', 'nearest-origin', 'state-space'],
    uptimeSeconds: 61,
    ready: true,
    chainId: '0x539',
    head: 1204,
    chain: {
      head: 1204,
      hash: `0x${'ab'.repeat(32)}`,
      safe: 1172,
      finalized: 1140,
      blockTimeMs: 2_000,
      reorgs: 1,
      softMisses: 4,
      waits: 3,
      vainWaits: 1,
    },
    calls: 300,
    failed: 2,
    held: { waiting: 1, total: 9 },
    discovery: {
      joined: 3,
      left: 1,
      providers: [
        {
          name: 'docker',
          up: true,
          nodes: 2,
          problem: null,
          leftOut: [],
          updates: 4,
          failures: 1,
          ageMs: 12_000,
        },
      ],
    },
    nodes,
    ...but,
  }
}
