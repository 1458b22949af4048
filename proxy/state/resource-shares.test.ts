import { type TestContext, test } from 'node:test'
import { seededRng } from '../rng.ts'
import { evidence, LearnedWork } from './learned-work.ts'
import { maxShared, ResourceShares } from './resource-shares.ts'

/** CPU and disk of one call of each method, ms. */
const truth = [
  [0.2, 0],
  [1, 10],
  [15, 60],
  [5, 0],
] as const

/** Calls of each in a window, at most. */
const most = [60, 12, 2, 10]

/** Windows of 250 ms of a node of two cores and a disk, beside something that uses both. */
function learned(windows: number, besideCores: number, besideDisks: number): LearnedWork[] {
  const rng = seededRng(7)
  const shares = new ResourceShares()
  const works = truth.map(([cpuMs, diskMs], i) => {
    const work = new LearnedWork(`m${i}`, 'read', 1, i, null)
    for (let k = 0; k < 400; k++) work.learn(cpuMs + diskMs, evidence.calm)
    return work
  })
  for (let w = 0; w < windows; w++) {
    const ended = new Float64Array(maxShared)
    let cpuMs = 250 * besideCores
    let diskMs = 250 * besideDisks
    truth.forEach(([cpu, disk], m) => {
      ended[m] = Math.floor(rng() * (most[m] ?? 0))
      cpuMs += (ended[m] ?? 0) * cpu * (0.9 + 0.2 * rng())
      diskMs += (ended[m] ?? 0) * disk * (0.9 + 0.2 * rng())
    })
    shares.observe({ dtMs: 250, cpuMs, diskMs, cores: 2, disks: 4, ended }, works)
  }
  return works
}

test('the disk’s share of each method is found from what nodes used and which calls ended', (t: TestContext) => {
  for (const beside of [0, 0.3]) {
    const works = learned(1_600, beside, beside)
    works.forEach(({ key, diskShare }, m) => {
      const [cpu, disk] = truth[m] ?? [1, 0]
      t.assert.ok(Math.abs(diskShare - disk / (cpu + disk)) < 0.12, `${key}: ${diskShare}`)
    })
  }
})

test('shares move no cost: what a call takes on both together is from latencies alone', (t: TestContext) => {
  for (const [m, { cpuMs, diskMs }] of learned(400, 0, 0).entries()) {
    const [cpu, disk] = truth[m] ?? [1, 0]
    t.assert.ok(Math.abs((cpuMs + diskMs) / (cpu + disk) - 1) < 0.03, `${cpuMs} + ${diskMs}`)
  }
})

test('where no disk is used there is no share', (t: TestContext) => {
  const shares = new ResourceShares()
  const work = new LearnedWork('m', 'read', 5, 0, null)
  const ended = new Float64Array(maxShared)
  for (let w = 0; w < 200; w++) {
    ended[0] = w % 7
    shares.observe({ dtMs: 250, cpuMs: 5 * (w % 7), diskMs: 0, cores: 1, disks: 4, ended }, [work])
  }
  t.assert.equal(work.diskMs, 0)
  t.assert.equal(work.cpuMs, 5)
})
