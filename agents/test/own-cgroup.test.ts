import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { createAgent } from '../agent.ts'
import { type NodeReport, parseReport } from '../report.ts'

const mount = '/sys/fs/cgroup'
const name = `equipoise-test-${process.pid}`
const isV2 = existsSync(`${mount}/cgroup.controllers`)
const trees = isV2 ? [''] : ['cpu/', 'cpuacct/', 'memory/', 'unified/']
const dirs = trees
  .filter((tree) => existsSync(`${mount}/${tree}`))
  .map((tree) => `${mount}/${tree}${name}`)

/** Makes a group of half a CPU and 256 MB in every tree that this host mounts. */
function createGroup(): void {
  // With `cpu` and `cpuacct` in one tree, both are the same directory.
  for (const dir of dirs) mkdirSync(dir, { recursive: true })
  if (isV2) {
    writeFileSync(`${mount}/${name}/cpu.max`, '50000 100000')
    // What the machine does beside it must not keep the process from its half.
    writeFileSync(`${mount}/${name}/cpu.weight`, '10000')
    writeFileSync(`${mount}/${name}/memory.max`, '268435456')
  } else {
    writeFileSync(`${mount}/cpu/${name}/cpu.cfs_quota_us`, '50000')
    writeFileSync(`${mount}/cpu/${name}/cpu.shares`, '262144')
    writeFileSync(`${mount}/memory/${name}/memory.limit_in_bytes`, '268435456')
  }
}

/** A group can be removed a moment after its last process has ended. */
function removeGroup(): void {
  for (const dir of dirs) if (existsSync(dir)) rmdirSync(dir)
}

/** Why this machine does not let us make such a group; undefined when it does. */
function obstacle(): string | undefined {
  try {
    createGroup()
    return undefined
  } catch (error) {
    return `no cgroup can be made here: ${error instanceof Error ? error.message : error}`
  } finally {
    removeGroup()
  }
}

const why = process.platform === 'linux' ? obstacle() : 'there are no cgroups here'
const patience = { timeout: 60_000, interval: 100 }

test('a busy process under half a CPU is saturated, and gone when it is killed', {
  ...(why === undefined ? {} : { skip: why }),
}, async (t: TestContext) => {
  createGroup()
  const child = spawn(process.execPath, ['-e', 'for (;;) Math.random()'], { stdio: 'ignore' })
  const exit = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exit
    await t.waitFor(removeGroup, patience)
  })
  for (const dir of dirs) writeFileSync(`${dir}/cgroup.procs`, String(child.pid))
  const agent = createAgent({ nodes: [{ id: 'busy', pid: child.pid ?? 0 }], port: 0 })
  t.after(() => agent.close())
  const { url } = await agent.listen()
  const observe = async (): Promise<NodeReport | undefined> =>
    parseReport(await (await fetch(`${url}/v1/state`)).json()).nodes[0]

  await t.waitFor(async () => {
    const node = await observe()
    t.assert.match(node?.src ?? '', /^cgroup[12]/)
    t.assert.ok((node?.x.cpu ?? 0) > 0.8)
    t.assert.ok((node?.x.cpu_pressure ?? 0) > 0.3)
    t.assert.ok((node?.raw.nr_throttled ?? 0) > 0)
    t.assert.ok((node?.raw.period_start_ms ?? 0) > 0)
    t.assert.equal(node?.cap.cpus, 0.5)
    t.assert.equal(node?.cap.mem, 268_435_456)
  }, patience)

  child.kill('SIGKILL')
  await exit
  await t.waitFor(async () => t.assert.equal((await observe())?.gone, true), patience)
})
