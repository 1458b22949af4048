import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type CpuGroup, createCpuGroup, NoCpuGroups } from './cgroup.ts'
import { Reaper } from './reaper.ts'

test('with v2 the group is made where the cpu controller is handed out', async (t: TestContext) => {
  const { root, proc } = await tree(t, ['0::/user.slice/session.scope'], ['/ cgroup2 rw'])
  const own = join(root, 'cgroup2/user.slice/session.scope')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'cgroup.subtree_control'), '')
  await writeFile(join(root, 'cgroup2/user.slice/cgroup.subtree_control'), 'cpu memory\n')
  const group = await createCpuGroup({ name: 'g', cpus: 0.25, proc })
  await group.add(4711)
  const made = join(root, 'cgroup2/user.slice/g')
  t.assert.deepEqual(group.directories, [made])
  t.assert.equal(await readFile(join(made, 'cpu.max'), 'utf8'), '25000 100000')
  t.assert.equal(await readFile(join(made, 'cgroup.procs'), 'utf8'), '4711')
})

test('with v2 the root is asked to hand it out where nobody does', async (t: TestContext) => {
  const { root, proc } = await tree(t, ['0::/'], ['/ cgroup2 rw'])
  await writeFile(join(root, 'cgroup2/cgroup.subtree_control'), '')
  await writeFile(join(root, 'cgroup2/cgroup.controllers'), 'cpuset cpu io memory\n')
  await createCpuGroup({ name: 'g', cpus: 2, proc })
  const control = await readFile(join(root, 'cgroup2/cgroup.subtree_control'), 'utf8')
  t.assert.equal(control, '+cpu +memory')
})

test('with v1 the group is in each hierarchy that tells something of it, and in v2 beside them', async (t: TestContext) => {
  const groups = ['5:cpu,cpuacct:/', '4:memory:/jobs/7', '3:freezer:/', '1:name=systemd:/', '0::/']
  const mounts = ['/ cgroup rw,cpu,cpuacct', '/jobs cgroup rw,memory', '/ cgroup rw,freezer']
  const { root, proc } = await tree(t, groups, [
    ...mounts,
    '/ cgroup rw,name=systemd',
    '/ cgroup2 rw',
  ])
  await mkdir(join(root, 'memory/7'))
  const { directories } = await createCpuGroup({ name: 'g', cpus: 0.5, proc })
  const made = ['cpu/g', 'memory/7/g', 'cgroup2/g']
  t.assert.deepEqual(
    directories,
    made.map((path) => join(root, path)),
  )
  t.assert.equal(await readFile(join(root, 'cpu/g/cpu.cfs_quota_us'), 'utf8'), '50000')
  t.assert.equal(await readFile(join(root, 'cpu/g/cpu.cfs_period_us'), 'utf8'), '100000')
})

test('where there are no control groups it says so', async (t: TestContext) => {
  const { proc } = await tree(t, [''], [])
  await t.assert.rejects(createCpuGroup({ name: 'g', cpus: 1, proc }), NoCpuGroups)
  const missing = createCpuGroup({ name: 'g', cpus: 1, proc: '/no/such/folder' })
  await t.assert.rejects(missing, NoCpuGroups)
})

test('the kernel holds a busy process to its quota', {
  timeout: 60_000,
}, async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-test-'))
  const reaper = new Reaper(folder)
  t.after(() => reaper.close())
  const group = await createCpuGroup({ name: `equipoise-test-${process.pid}`, cpus: 0.05 }).catch(
    (error: unknown) => {
      if (!(error instanceof NoCpuGroups)) throw error
      t.skip(`this machine does not let us: ${error.message}`)
      return null
    },
  )
  if (group === null) return
  for (const directory of group.directories) reaper.watchGroup(directory)
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
  reaper.watch(busy.pid ?? 0)
  await group.add(busy.pid ?? 0)
  while ((await throttled(group)) < 3) await pause(20)
  busy.kill('SIGKILL')
  for (const directory of group.directories) await reaper.removeGroup(directory)
})

/** Periods in which the group had to wait for its quota. */
async function throttled({ directories: [directory = ''] }: CpuGroup): Promise<number> {
  return Number(/nr_throttled (\d+)/.exec(await readFile(join(directory, 'cpu.stat'), 'utf8'))?.[1])
}

/**
 * The two tables of `/proc`, about folders of ours in place of mounted hierarchies.
 * @param mounts root, type and options of each; its folder is named for what it holds
 */
async function tree(t: TestContext, groups: readonly string[], mounts: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'equipoise-cgroup-'))
  t.after(() => rm(root, { recursive: true }))
  const proc = join(root, 'proc')
  await mkdir(join(proc, 'self'), { recursive: true })
  const lines: string[] = []
  for (const mount of mounts) {
    const [shown = '', type = '', options = ''] = mount.split(' ')
    const name = type === 'cgroup2' ? type : (options.split(',')[1] ?? '')
    await mkdir(join(root, name))
    lines.push(`30 23 0:28 ${shown} ${join(root, name)} rw,relatime - ${type} ${type} ${options}`)
  }
  await writeFile(join(proc, 'self/cgroup'), `${groups.join('\n')}\n`)
  await writeFile(join(proc, 'self/mountinfo'), `${lines.join('\n')}\n`)
  return { root, proc }
}
