import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Agent, type AgentOptions, createAgent } from '../agent.ts'
import { type NodeReport, parseReport } from '../report.ts'
import { isV2, RealGroup } from './real-group.ts'

const why = RealGroup.obstacle()
const onCgroups = why === undefined ? {} : { skip: why }
const patience = { timeout: 60_000, interval: 100 }
const kind = isV2 ? 'cgroup2' : 'cgroup1+psi'

/** Makes groups, processes and an agent, and takes them down with the test. */
class Bench {
  readonly #t: TestContext
  readonly #name: string
  readonly #groups: RealGroup[] = []
  readonly #children: ChildProcess[] = []
  readonly #agents: Agent[] = []
  #url = ''

  constructor(t: TestContext) {
    this.#t = t
    this.#name = `equipoise-test-${randomBytes(4).toString('hex')}`
    t.after(() => this.#close())
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#children.map(end), ...this.#agents.map((agent) => agent.close())])
    // The kernel lets go of a group a moment after its last process has ended; inner ones go first.
    for (const group of this.#groups.reverse()) {
      await this.#t.waitFor(() => group.remove(), { timeout: 10_000, interval: 20 })
    }
  }

  group(path: string): RealGroup {
    const group = new RealGroup(`${this.#name}/${path}`)
    this.#groups.push(group)
    return group
  }

  /** A process of `load.ts` in a group, which has begun its work. */
  async load(group: RealGroup, ...words: readonly string[]): Promise<ChildProcess> {
    const load = join(import.meta.dirname, 'load.ts')
    const child = spawn(process.execPath, [load, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    group.add(child.pid)
    child.stdin.write('go\n')
    await once(child.stdout, 'data')
    return child
  }

  /** A process that does nothing but burn a CPU. */
  hog(group: RealGroup): ChildProcess {
    const child = spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' })
    this.#children.push(child)
    group.add(child.pid)
    return child
  }

  async watch(options: AgentOptions): Promise<void> {
    const agent = createAgent({ docker: 'none', port: 0, ...options })
    this.#agents.push(agent)
    this.#url = (await agent.listen()).url
  }

  keep(child: ChildProcess): void {
    this.#children.push(child)
  }

  /** Waits until the first node is as `law` says. */
  async until(law: (node: NodeReport) => void): Promise<void> {
    await this.#t.waitFor(async () => {
      const report = parseReport(await (await fetch(`${this.#url}/v1/state`)).json())
      const [node] = report.nodes
      if (node === undefined) throw new Error('no node')
      law(node)
    }, patience)
  }

  /** The mean of an axis over some reports of the stream. */
  async mean(axis: keyof NodeReport['x'], reports: number): Promise<number> {
    const { body } = await fetch(`${this.#url}/v1/stream`)
    const values: number[] = []
    let text = ''
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (text + chunk).split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        values.push(parseReport(JSON.parse(line)).nodes[0]?.x[axis] ?? Number.NaN)
      }
      if (values.length >= reports) break
    }
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('0.3 cores of 0.5 are read as 0.6', onCgroups, async (t: TestContext) => {
  const bench = new Bench(t)
  const group = bench.group('node')
  group.limitCpus(0.5)
  const { pid = 0 } = await bench.load(group, 'cpu', '0.3')
  await bench.watch({ nodes: [{ id: 'node', pid }] })
  await t.waitFor(
    async () => {
      const cpu = await bench.mean('cpu', 20)
      t.assert.ok(Math.abs(cpu - 0.6) <= 0.05, `read ${cpu}`)
    },
    { timeout: 90_000 },
  )
  await bench.until(({ src, cap }) => t.assert.deepEqual([src, cap.cpus], [kind, 0.5]))
})

test('a neighbour that nobody watches is pressure, not use', onCgroups, async (t: TestContext) => {
  const bench = new Bench(t)
  const group = bench.group('node')
  group.weigh(10)
  const { pid = 0 } = await bench.load(group, 'cpu', '0.2')
  const neighbours = bench.group('neighbours')
  await bench.watch({ nodes: [{ id: 'node', pid }] })
  const hogs = Array.from({ length: 6 }, () => bench.hog(neighbours))
  await bench.until(({ x, cap }) => {
    t.assert.ok((x.cpu_pressure ?? 0) > 0.1, `pressure ${x.cpu_pressure}`)
    t.assert.ok((x.cpu ?? 1) * (cap.cpus ?? 0) < 0.5, `cpu ${x.cpu}`)
  })
  await Promise.all(hogs.map(end))
})

test(
  'what a process holds is a share of its limit, the page cache is not',
  onCgroups,
  async (t: TestContext) => {
    const bench = new Bench(t)
    const group = bench.group('node')
    group.limitMemory(256 * 2 ** 20)
    const { pid = 0 } = await bench.load(group, 'memory', String(128 * 2 ** 20))
    await bench.watch({ nodes: [{ id: 'node', pid }] })
    await bench.until(({ x, cap }) => {
      t.assert.equal(cap.mem, 256 * 2 ** 20)
      t.assert.ok((x.memory ?? 0) > 0.5 && (x.memory ?? 1) < 0.9, `memory ${x.memory}`)
    })
  },
)

test(
  'a writer at the limit of its disk uses it whole, and waits',
  onCgroups,
  async (t: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'equipoise-disk-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const { dev } = statSync(folder)
    const device = `${dev >> 8}:${dev & 255}`
    const bench = new Bench(t)
    const group = bench.group('node')
    try {
      group.limitDiskWrites(device, 2 ** 20)
    } catch (error) {
      t.skip(`${folder} is not on a disk that can be limited: ${error}`)
      return
    }
    const { pid = 0 } = await bench.load(group, 'disk', join(folder, 'file'))
    await bench.watch({ nodes: [{ id: 'node', pid }] })
    await bench.until(({ x, cap }) => {
      t.assert.equal(cap.disk, 2 ** 20)
      t.assert.ok((x.disk ?? 0) > 0.8, `disk ${x.disk}`)
      t.assert.ok((x.io_pressure ?? 0) > 0.3, `pressure ${x.io_pressure}`)
    })
  },
)

test(
  'limits that are changed live, also above, are the capacity from then on',
  onCgroups,
  async (t: TestContext) => {
    const bench = new Bench(t)
    const pod = bench.group('pod')
    const group = bench.group('pod/node')
    pod.limitCpus(0.5)
    const { pid = 0 } = await bench.load(group, 'cpu', '0.01')
    await bench.watch({ nodes: [{ id: 'node', pid }] })
    await bench.until(({ cap }) => t.assert.equal(cap.cpus, 0.5))
    group.limitCpus(0.25)
    await bench.until(({ cap }) => t.assert.equal(cap.cpus, 0.25))
    group.limitCpus(undefined)
    await bench.until(({ cap }) => t.assert.equal(cap.cpus, 0.5))
    pod.limitCpus(undefined)
    await bench.until(({ cap }) => t.assert.ok((cap.cpus ?? 0) >= 1))
    group.limitMemory(2 ** 28)
    await bench.until(({ cap }) => t.assert.equal(cap.mem, 2 ** 28))
  },
)

test(
  'a container is found by its id alone, and found again when it is restarted',
  onCgroups,
  async (t: TestContext) => {
    const id = randomBytes(32).toString('hex')
    const bench = new Bench(t)
    const group = bench.group(`system.slice/docker-${id}.scope`)
    await bench.watch({ containers: [{ kind: 'container', name: id.slice(0, 12) }] })
    await bench.until(({ gone }) => t.assert.equal(gone, true))
    const first = await bench.load(group, 'cpu', '0.01')
    await bench.until(({ src, gone }) => t.assert.deepEqual([src, gone], [kind, undefined]))
    await end(first)
    await bench.until(({ gone }) => t.assert.equal(gone, true))
    await bench.load(group, 'cpu', '0.01')
    await bench.until(({ gone, name }) => t.assert.deepEqual([gone, name], [undefined, id]))
  },
)

/** By its path: a shell may have one of its own by that name, which knows no cgroup namespaces. */
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path)) ?? 'unshare'
const canUnshare = spawnSync(unshare, ['-C', '/bin/true']).status === 0

test('an agent in a cgroup namespace of its own finds the groups of others', {
  ...onCgroups,
  ...(canUnshare ? {} : { skip: 'unshare -C is not to be had here' }),
}, async (t: TestContext) => {
  const bench = new Bench(t)
  const group = bench.group(`docker/${randomBytes(32).toString('hex')}`)
  group.limitCpus(0.5)
  const { pid } = await bench.load(group, 'cpu', '0.01')
  const home = bench.group('agent')
  const bin = join(import.meta.dirname, '../bin.ts')
  // The shell waits until it is in its group: the namespace begins where its first process is.
  const script = `read go; exec ${unshare} -C "$0" "$1" --pid node=${pid} --port 0`
  const agent = spawn('/bin/sh', ['-c', script, process.execPath, bin], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  bench.keep(agent)
  home.add(agent.pid)
  agent.stdin.write('go\n')
  const ended = once(agent, 'exit').then(() => Promise.reject(new Error('the agent ended')))
  const said = once(agent.stdout.setEncoding('utf8'), 'data')
  const [line] = (await Promise.race([said, ended])) as [string]
  ended.catch(() => {})
  const url = line.split(' ').at(-1)?.trim()
  await t.waitFor(async () => {
    const [node] = parseReport(await (await fetch(`${url}/v1/state`)).json()).nodes
    t.assert.deepEqual([node?.src, node?.cap.cpus], [kind, 0.5])
  }, patience)
})

test('where a group keeps no pressure, the share of throttled periods stands in', {
  ...onCgroups,
  ...(isV2 ? {} : { skip: 'pressure can be switched off for a group of cgroup v2 only' }),
}, async (t: TestContext) => {
  const bench = new Bench(t)
  const group = bench.group('node')
  group.limitCpus(0.2)
  group.write('cgroup.pressure', '0')
  const { pid = 0 } = bench.hog(group)
  await bench.watch({ nodes: [{ id: 'node', pid }] })
  await bench.until(({ x, raw }) => {
    t.assert.equal(raw.cpu_pressure_s, undefined)
    t.assert.ok((x.cpu_pressure ?? 0) > 0.5, `pressure ${x.cpu_pressure}`)
  })
})
