import { type TestContext, test } from 'node:test'
import { defaultChoice } from '../../proxy/index.ts'
import { SimulatedFleet } from '../fleets/simulated.ts'
import type { Cluster } from './cluster.ts'
import { callKinds } from './mixes.ts'
import type { ProcessorModel } from './simulated-node.ts'
import { plainCluster, studyNode } from './study-clusters.ts'
import type { TrialFigures } from './tally.ts'

/** Mean work of a call, ms. */
const workMs = 5

test('a shared processor answers as M/G/1-PS does: S ÷ (1 − ρ), whatever the spread', (t: TestContext) => {
  for (const load of [0.5, 0.7, 0.8]) {
    for (const variation of [0, 1.5]) {
      near(t, meanMs({ load, variation }), workMs / (1 - load), 0.05)
    }
  }
})

test('one worker answers in turn as Pollaczek and Khinchine have it', (t: TestContext) => {
  const model: ProcessorModel = { kind: 'shared', workers: 1, hasQuota: false }
  for (const variation of [0, 1]) {
    const waitMs = ((0.7 * (1 + variation ** 2)) / (2 * (1 - 0.7))) * workMs
    near(t, meanMs({ load: 0.7, variation, model }), workMs + waitMs, 0.05)
  }
})

test('a disk is shared as a processor is', (t: TestContext) => {
  const node = { ...studyNode, cores: 64, disks: 1, rttMs: 1e-6 }
  const cpuMs = { mean: 1e-3, variation: 0 }
  const diskMs = { mean: workMs, variation: 1 }
  const mix = [{ ...callKinds.proof, share: 1, cpuMs, diskMs }]
  near(t, run({ ...plainCluster, nodes: [node], mix, load: 0.7 }).all.mean, workMs / 0.3, 0.05)
})

test('a node uses what its calls need: the utilisation law', (t: TestContext) => {
  for (const load of [0.3, 0.8]) near(t, run(single({ load, variation: 1 })).use, load, 0.03)
})

test('m cores and a queue wait less than m queues of one core each', (t: TestContext) => {
  const shared = meanMs({ load: 0.7, variation: 1, cores: 4 })
  t.assert.ok(shared < 0.7 * meanMs({ load: 0.7, variation: 1 }), String(shared))
})

type Single = {
  readonly load: number
  readonly variation: number
  readonly cores?: number
  readonly model?: ProcessorModel
}

function single({ load, variation, cores = 1, model = studyNode.model }: Single): Cluster {
  const mix = [{ ...callKinds.call, share: 1, cpuMs: { mean: workMs, variation } }]
  return { ...plainCluster, nodes: [{ ...studyNode, cores, rttMs: 1e-6, model }], mix, load }
}

function meanMs(options: Single): number {
  return run(single(options)).all.mean
}

function run(cluster: Cluster): TrialFigures {
  const span = { warmupMs: 20_000, measuredMs: 1_000_000 }
  return new SimulatedFleet(cluster, { ...defaultChoice, name: 'round-robin' }, 7, span).run()
}

function near(t: TestContext, value: number, of: number, ratio: number): void {
  t.assert.ok(Math.abs(value / of - 1) <= ratio, `${value}, theory ${of}`)
}
