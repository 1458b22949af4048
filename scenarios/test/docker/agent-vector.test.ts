import { mkdtemp, readFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import type Docker from 'dockerode'
import type { NodeReport } from '../../../agents/report.ts'
import { labels, openDocker } from '../../fleets/docker/daemon.ts'
import { removeStack } from '../../fleets/docker/remains.ts'
import { Reaper } from '../../reaper.ts'
import { LoadContainers } from './load-container.ts'
import { Reports } from './reports.ts'

const stack = `vector-${process.pid}`
const mebibyte = 1024 ** 2
const nanosPerCore = 1e9
/** On an idle machine all is seen within some seconds; on a busy one it may take long. */
const capMs = 60_000

suite('the vector of a container with a known load', { timeout: 240_000 }, () => {
  let docker: Docker
  let folder: string
  let reaper: Reaper
  let loads: LoadContainers
  let reports: Reports

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'equipoise-vector-'))
    reaper = new Reaper(folder)
    docker = await openDocker()
    loads = await LoadContainers.open(docker, stack, folder)
    reports = await Reports.start(`${labels.stack}=${stack}`, reaper)
  })

  after(async () => {
    await reports.close()
    await removeStack(docker, stack)
    await reaper.close()
  })

  test('0.3 cores of a quota of 0.5 are 0.6 of its CPU', async (t: TestContext) => {
    await loads.run({ name: 'busy', kind: 'busy', amount: 0.3, host: quota(0.5) })
    // Nothing else is in the container, so over some seconds the counter itself says 0.3.
    const { report: first } = await seen('busy')
    const { ms, report } = await reports.until(
      `${stack}-busy`,
      (now) =>
        atMs(now) - atMs(first) > 4_000 &&
        near(now.x.cpu, 0.6, 0.05) &&
        near(coresBetween(first, now), 0.3, 0.03),
      capMs,
    )
    t.assert.equal(report.cap.cpus, 0.5)
    const cores = coresBetween(first, report)
    t.diagnostic(`cpu ${report.x.cpu}, ${cores.toFixed(3)} cores, after ${ms.toFixed(0)} ms`)
    await loads.remove('busy')
  })

  test('another quota is another capacity, and the same load another share of it', async (t: TestContext) => {
    await loads.run({ name: 'moved', kind: 'busy', amount: 0.3, host: quota(0.5) })
    await seen('moved')
    await docker.getContainer(`${stack}-moved`).update({ NanoCpus: nanosPerCore })
    const { ms } = await reports.until(`${stack}-moved`, ({ cap }) => cap.cpus === 1, capMs)
    t.diagnostic(`the new capacity after ${ms.toFixed(0)} ms`)
    await reports.until(`${stack}-moved`, ({ x }) => near(x.cpu, 0.3, 0.05), capMs)
    await loads.remove('moved')
  })

  test('memory that is held counts, memory that could be given back does not', async (t: TestContext) => {
    const limit = 256 * mebibyte
    const host = { Memory: limit, MemorySwap: limit }
    const pid = await loads.run({ name: 'memory', kind: 'memory', amount: 128, host })
    const { ms, report } = await reports.until(
      `${stack}-memory`,
      ({ x }) => (x.memory ?? 0) > 0.5,
      capMs,
    )
    t.assert.equal(report.cap.mem, limit)
    const held = (await anonymousBytes(pid)) / limit
    t.assert.ok(near(report.x.memory, held, 0.05), `${report.x.memory}, and ${held} by the kernel`)
    t.diagnostic(`memory ${report.x.memory}, after ${ms.toFixed(0)} ms`)
    await loads.remove('memory')
  })

  test('what is written fills the page cache and the disk, not the memory', async (t: TestContext) => {
    const limit = 256 * mebibyte
    const host = { Memory: limit, MemorySwap: limit, Binds: [`${folder}:/data`] }
    await loads.run({
      ...{ name: 'disk', kind: 'disk', amount: 4, host },
      // Ten megabytes a second: four of them are 0.4.
      labels: { 'equipoise.capacity.disk-mbps': '80' },
    })
    const { ms, report } = await reports.until(
      `${stack}-disk`,
      ({ x, raw }) => near(x.disk, 0.4, 0.1) && (raw.mem_file ?? 0) > 16 * mebibyte,
      capMs,
    )
    t.assert.ok((report.x.memory ?? 1) < 0.4, `memory ${report.x.memory}`)
    t.diagnostic(`disk ${report.x.disk}, after ${ms.toFixed(0)} ms`)
    await loads.remove('disk')
  })

  test('a neighbour that nobody watches shows as pressure, and not as use', async (t: TestContext) => {
    // Both on one core, where the neighbour has sixteen times the right to run.
    const core = { CpusetCpus: String(cpus().length - 1) }
    await loads.run({
      ...{ name: 'quiet', kind: 'busy', amount: 0.2 },
      host: { ...core, CpuShares: 256 },
    })
    const before = await reports.until(`${stack}-quiet`, ({ x }) => near(x.cpu, 0.2, 0.05), capMs)
    const host = { ...core, CpuShares: 4_096 }
    await loads.run({ name: 'neighbour', kind: 'busy', amount: 0.9, host })
    const { ms, report } = await reports.until(
      `${stack}-quiet`,
      ({ x }) => (x.cpu_pressure ?? 0) > 0.5,
      capMs,
    )
    t.assert.equal(report.cap.cpus, 1, 'one core of its set')
    t.assert.ok((report.x.cpu ?? 1) < 0.3, `cpu ${report.x.cpu}`)
    const was = before.report.x.cpu_pressure
    const now = report.x.cpu_pressure
    t.diagnostic(
      `pressure ${was} without, ${now} with, cpu ${report.x.cpu}; after ${ms.toFixed(0)} ms`,
    )
    await loads.remove('neighbour')
    await loads.remove('quiet')
  })

  test('a container that is removed is gone, within an instant', async (t: TestContext) => {
    await loads.run({ name: 'short', kind: 'memory', amount: 1 })
    await seen('short')
    await loads.remove('short')
    const beganMs = performance.now()
    for (;;) {
      const report = await reports.of(`${stack}-short`)
      if (report === undefined || report.gone === true) break
      t.assert.ok(performance.now() - beganMs < capMs, JSON.stringify(report))
    }
    t.diagnostic(`after ${(performance.now() - beganMs).toFixed(0)} ms`)
  })

  function seen(name: string): Promise<{ readonly report: NodeReport }> {
    return reports.until(`${stack}-${name}`, ({ raw }) => raw.cpu_usage_s !== undefined, capMs)
  }
})

function quota(cores: number): Docker.HostConfig {
  return { NanoCpus: cores * nanosPerCore }
}

function near(value: number | undefined, wanted: number, within: number): boolean {
  return value !== undefined && Math.abs(value - wanted) <= within
}

function coresBetween(a: NodeReport, b: NodeReport): number {
  const used = (b.raw.cpu_usage_s ?? Number.NaN) - (a.raw.cpu_usage_s ?? Number.NaN)
  return (used * 1000) / (atMs(b) - atMs(a))
}

function atMs({ raw }: NodeReport): number {
  return raw.at_ms ?? Number.NaN
}

/** What a process holds that is no file's, as the kernel counts it. */
async function anonymousBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/RssAnon:\s+(\d+) kB/.exec(text)?.[1]) * 1024
}
