import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { DockerEngine } from '../containers/docker-engine.ts'
import { StubEngine } from '../test/stub-engine.ts'
import { DockerStats, sampleOf } from './docker-stats.ts'

const recorded: unknown = JSON.parse(
  readFileSync(new URL('../test/fixtures/v1-hybrid/docker-stats.json', import.meta.url), 'utf8'),
)
const patience = { timeout: 30_000, interval: 5 }

// Recorded at the same moment as the files of the kernel beside it: the figures are the same.
test('what a Docker Engine on cgroup v1 says is a sample', (t: TestContext) => {
  t.assert.deepEqual(sampleOf(recorded, { cpus: 0.4, memBytes: 536_870_912 }, 1000), {
    atMs: 1000,
    epoch: 0,
    cpuUsageS: 219.981068096,
    cpus: 0.4,
    quotaS: 0.04000000000000001,
    periodS: 0.1,
    nrPeriods: 8207,
    nrThrottled: 2667,
    throttledS: 187.740856545,
    memCurrentBytes: 14_262_272,
    memFileBytes: 1_126_400,
    memLimitBytes: 536_870_912,
    diskBytes: 4_550_656,
    netBytes: 15_435_797,
  })
})

test('without a quota there is no throttling, and the CPUs are the host’s', (t: TestContext) => {
  const sample = sampleOf(recorded, {}, 1000)
  t.assert.equal(sample?.cpus, 2)
  t.assert.equal(sample?.nrPeriods, undefined)
})

test('on cgroup v2 page cache and slab bear other names, and the disk is counted', (t: TestContext) => {
  const stats = {
    cpu_stats: { cpu_usage: { total_usage: 5e9 }, online_cpus: 4 },
    memory_stats: {
      usage: 100,
      limit: 1000,
      stats: { inactive_file: 10, active_file: 20, slab_reclaimable: 5 },
    },
    blkio_stats: {
      io_service_bytes_recursive: [
        { major: 254, minor: 0, op: 'read', value: 7 },
        { major: 254, minor: 0, op: 'write', value: 8 },
        { major: 254, minor: 0, op: 'total', value: 15 },
      ],
    },
  }
  t.assert.deepEqual(sampleOf(stats, {}, 0), {
    atMs: 0,
    epoch: 0,
    cpuUsageS: 5,
    cpus: 4,
    memCurrentBytes: 100,
    memSlabBytes: 5,
    memFileBytes: 30,
    memLimitBytes: 1000,
    diskBytes: 15,
  })
})

test('statistics of a container that has ended are no sample', (t: TestContext) => {
  for (const stats of [{}, null, 'x', { cpu_stats: { cpu_usage: { total_usage: 0 } } }]) {
    t.assert.equal(sampleOf(stats, {}, 0), undefined)
  }
})

test('a container is read from the engine’s stream until it is closed', async (t: TestContext) => {
  const stub = await StubEngine.start(t)
  const containerId = 'a'.repeat(64)
  stub.containers.push({ id: containerId, name: 'a', labels: {}, pid: 1 })
  let cpus = 0.5
  const source = new DockerStats({
    engine: new DockerEngine({ socketPath: stub.socketPath }),
    containerId,
    limits: () => ({ cpus }),
    clock: systemClock,
  })
  t.assert.equal(source.sample(), undefined)
  await t.waitFor(() => t.assert.equal(stub.readersOfStats, 1), patience)
  stub.sayStats(recorded)
  await t.waitFor(() => t.assert.equal(source.sample()?.cpus, 0.5), patience)
  cpus = 1
  stub.sayStats(recorded)
  await t.waitFor(() => t.assert.equal(source.sample()?.cpus, 1), patience)
  source.close()
  await t.waitFor(() => t.assert.equal(stub.readersOfStats, 0), patience)
})
