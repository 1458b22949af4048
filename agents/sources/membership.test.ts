import { type TestContext, test } from 'node:test'
import { containerId as id, RecordedMachine } from '../test/recorded-machine.ts'
import { parseMembership } from './membership.ts'

const pod = 'kubepods-burstable-pod4f2c1d0e_6d9b_4b59_9d7e_0a1b2c3d4e5f.slice'
const rootless = 'user.slice/user-1000.slice/user@1000.service/user.slice'

/** Where engines put the group of a container in the v2 tree, by who made it. */
const places = {
  'Docker, cgroupfs': `docker/${id}`,
  'Docker, systemd': `system.slice/docker-${id}.scope`,
  'Docker, rootless': `${rootless}/docker-${id}.scope`,
  'Docker, --cgroup-parent': `nodes.slice/docker-${id}.scope`,
  'Podman, rootless': `user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`,
  'Kubernetes with containerd': `kubepods.slice/kubepods-burstable.slice/${pod}/cri-containerd-${id}.scope`,
  'Kubernetes with CRI-O': `kubepods.slice/kubepods-burstable.slice/${pod}/crio-${id}.scope`,
  'Kubernetes, cgroupfs': `kubepods/burstable/pod4f2c1d0e-6d9b-4b59-9d7e-0a1b2c3d4e5f/${id}`,
  'containerd, cgroupfs by mistake': `system.slice/containerd.service/${pod}:cri-containerd:${id}`,
} as const

function v2Of(machine: RecordedMachine, membership: string) {
  return parseMembership(membership, machine.files, machine.cgroupRoot).v2
}

for (const [who, place] of Object.entries(places)) {
  test(`a container of ${who} is found, with all that limits it`, (t: TestContext) => {
    using machine = new RecordedMachine('v2')
    machine.write(`cgroup/${place}/cpu.max`, 'max 100000\n')
    const group = v2Of(machine, `0::/${place}\n`)
    t.assert.equal(group?.dir, `${machine.cgroupRoot}/${place}`)
    t.assert.equal(group?.containerId, id)
    t.assert.equal(group?.mayBeOwn, true)
    t.assert.equal(group?.levels.length, place.split('/').length + 1)
    t.assert.equal(group?.levels.at(-1), machine.cgroupRoot)
  })

  test(`a container of ${who} is found from within a cgroup namespace`, (t: TestContext) => {
    using machine = new RecordedMachine('v2')
    machine.write(`cgroup/${place}/cpu.max`, 'max 100000\n')
    const last = place.split('/').at(-1)
    t.assert.equal(v2Of(machine, `0::/../../${last}\n`)?.dir, `${machine.cgroupRoot}/${place}`)
  })
}

test('a group that a container made for a part of itself counts as the container’s', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  machine.write(`cgroup/docker/${id}/init/cpu.max`, '20000 100000\n')
  const group = v2Of(machine, `0::/docker/${id}/init\n`)
  t.assert.equal(group?.dir, `${machine.cgroupRoot}/docker/${id}`)
  // What limits the part limits the process all the same.
  t.assert.equal(group?.levels[0], `${machine.cgroupRoot}/docker/${id}/init`)
})

test('of containers within each other the inner one is meant', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  const inner = id.replaceAll('a', 'b')
  machine.write(`cgroup/docker/${id}/docker/${inner}/cpu.max`, 'max 100000\n')
  t.assert.equal(v2Of(machine, `0::/docker/${id}/docker/${inner}\n`)?.containerId, inner)
})

test('in cgroup v1 each tree is searched by itself', (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  const membership = ['cpu', 'cpuacct', 'memory', 'cpuset']
    .map((name, i) => `${i + 2}:${name}:/../${id}\n`)
    .join('')
  const groups = parseMembership(`${membership}0::/../${id}\n`, machine.files, machine.cgroupRoot)
  for (const name of ['cpu', 'cpuacct', 'memory', 'cpuset'] as const) {
    t.assert.equal(groups.v1?.[name]?.dir, `${machine.cgroupRoot}/${name}/docker/${id}`)
  }
  t.assert.equal(groups.unified?.dir, `${machine.cgroupRoot}/unified/docker/${id}`)
})

test('an agent within a container does not take it for its nodes', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  const place = `docker/${id}`
  machine.write('proc/4242/cgroup', `0::/${place}\n`)
  machine.write(`cgroup/${place}/cpu.stat`, 'usage_usec 7000000\n')
  machine.write(`cgroup/${place}/cgroup.procs`, '1\n4242\n')
  machine.addProcess(1, 0)
  t.assert.equal(machine.source(4242).name, 'cgroup2')
  machine.write('proc/self/cgroup', `0::/${place}\n`)
  t.assert.equal(machine.source(4242).name, 'proc')
})
