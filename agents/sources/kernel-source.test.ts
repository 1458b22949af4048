import { test } from 'node:test'
import { containerId, RecordedMachine } from '../test/recorded-machine.ts'
import { ProcessGone } from './source.ts'

const v1Process = 22_827
const docker = `docker/${containerId}`

test('cgroup v1 with a v2 tree beside it gives use, limits, throttling and pressure', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(v1Process)
  const sample = source.sample()
  t.assert.equal(source.name, 'cgroup1+psi')
  t.assert.deepEqual(
    { ...sample },
    {
      atMs: 1000,
      epoch: 0,
      cpuUsageS: 219.981068096,
      quotaS: 0.04,
      periodS: 0.1,
      nrPeriods: 8207,
      nrThrottled: 2667,
      throttledS: 187.740856545,
      cpuPressureS: 185.85808,
      ioPressureS: 0.003207,
      memPressureS: 0,
      memCurrentBytes: 14_262_272,
      memFileBytes: 458_752 + 667_648,
      diskBytes: 4_550_656,
      hostDiskBusyS: 0,
      cpus: 0.4,
      memLimitBytes: 536_870_912,
    },
  )
})

test('cgroup v2 gives the same of a group of its own', (t) => {
  using machine = new RecordedMachine('v2')
  const source = machine.source(4242)
  t.assert.equal(source.name, 'cgroup2')
  t.assert.deepEqual(
    { ...source.sample() },
    {
      atMs: 1000,
      epoch: 0,
      cpuUsageS: 3.030748,
      quotaS: 0.05,
      periodS: 0.1,
      nrPeriods: 61,
      nrThrottled: 60,
      throttledS: 2.839662,
      cpuPressureS: 1.799446,
      ioPressureS: 0,
      memPressureS: 0,
      memCurrentBytes: 102_400,
      memFileBytes: 0,
      memSlabBytes: 0,
      diskBytes: 0,
      hostDiskBusyS: 0,
      cpus: 0.5,
      memLimitBytes: 134_217_728,
    },
  )
})

test('a group without limits has those of the host', (t) => {
  using machine = new RecordedMachine('v2')
  const sample = machine.source(4243).sample()
  t.assert.equal(sample.cpus, 2)
  t.assert.equal(sample.memLimitBytes, 24_684_084 * 1024)
  t.assert.equal(sample.quotaS, undefined)
  t.assert.equal(sample.nrPeriods, undefined)
  t.assert.equal(sample.diskBytes, 4096 + 79_953_920)
  t.assert.equal(sample.memFileBytes, 1_314_816 + 50_348_032)
})

test('the tightest limit on the way to the root binds', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('cgroup/pod/cpu.max', '20000 100000\n')
  machine.write(
    'cgroup/pod/cpu.stat',
    'usage_usec 9\nnr_periods 5\nnr_throttled 4\nthrottled_usec 3000000\n',
  )
  machine.write('cgroup/pod/memory.high', '1000000\n')
  machine.write('cgroup/pod/node/cpu.max', '50000 100000\n')
  machine.write('cgroup/pod/node/cpu.stat', 'usage_usec 7000000\nnr_periods 1\nnr_throttled 0\n')
  machine.write('cgroup/pod/node/memory.max', '2000000\n')
  machine.write('cgroup/pod/node/cgroup.procs', '4242\n')
  machine.write('proc/4242/cgroup', '0::/pod/node\n')
  const sample = machine.source(4242).sample()
  t.assert.equal(sample.cpus, 0.2)
  t.assert.equal(sample.quotaS, 0.02)
  t.assert.equal(sample.throttledS, 3)
  t.assert.equal(sample.memLimitBytes, 1_000_000)
  t.assert.equal(sample.cpuUsageS, 7)
})

test('a group that holds others too gives its limits and nothing else', (t) => {
  using machine = new RecordedMachine('v2')
  machine.addProcess(1, 0)
  machine.addProcess(5000, 1)
  machine.write('cgroup/limited/cgroup.procs', '4242\n5000\n')
  const source = machine.source(4242)
  const sample = source.sample()
  t.assert.equal(source.name, 'proc')
  t.assert.equal(sample.cpus, 0.5)
  t.assert.equal(sample.memLimitBytes, 134_217_728)
  t.assert.equal(sample.cpuUsageS, (21_612 + 385) / 100)
  t.assert.equal(sample.quotaS, undefined)
  t.assert.equal(sample.cpuPressureS, undefined)
})

test('a node and its descendants share a group of their own', (t) => {
  using machine = new RecordedMachine('v2')
  machine.addProcess(5000, 4242)
  machine.addProcess(5001, 5000)
  machine.write('cgroup/limited/cgroup.procs', '4242\n5000\n5001\n5002\n')
  t.assert.equal(machine.source(4242).name, 'cgroup2')
})

test('in a container everything in the group is the node, its init included', (t) => {
  using machine = new RecordedMachine('v2')
  machine.addProcess(1, 0)
  machine.addProcess(4000, 1)
  machine.write('cgroup/limited/cgroup.procs', '4000\n4242\n')
  machine.write('proc/4242/status', 'Pid:\t4242\nNSpid:\t4242\t7\n')
  t.assert.equal(machine.source(4242).name, 'cgroup2')
})

test('a stranger below the group makes it another', (t) => {
  using machine = new RecordedMachine('v2')
  machine.addProcess(5000, 1)
  machine.write('cgroup/limited/inner/cgroup.procs', '5000\n')
  t.assert.equal(machine.source(4242).name, 'proc')
})

test('the root of the tree is nobody’s own', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('proc/4242/cgroup', '0::/\n')
  machine.write('cgroup/cgroup.procs', '4242\n')
  machine.write('cgroup/cpu.stat', 'usage_usec 1\n')
  t.assert.equal(machine.source(4242).name, 'proc')
})

test('a group seen from within a cgroup namespace is found by the end of its path', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('proc/4242/cgroup', '0::/../../limited\n')
  const source = machine.source(4242)
  t.assert.equal(source.name, 'cgroup2')
  t.assert.equal(source.sample().cpus, 0.5)
})

test('a group that holds us, or that two paths might be, is not looked for', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('cgroup/a/node/cpu.max', '20000 100000\n')
  machine.write('cgroup/b/node/cpu.max', '20000 100000\n')
  for (const path of ['/..', '/../node']) {
    machine.write('proc/4242/cgroup', `0::${path}\n`)
    const source = machine.source(4242)
    t.assert.equal(source.name, 'proc')
    t.assert.equal(source.sample().cpus, 2)
  }
})

test('a group that is not mounted here leaves the limits above it', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('cgroup/cpu.max', '150000 100000\n')
  machine.write('proc/4242/cgroup', '0::/docker/abc\n')
  const source = machine.source(4242)
  t.assert.equal(source.name, 'proc')
  t.assert.equal(source.sample().cpus, 1.5)
})

test('in cgroup v1 each controller may have a group of its own or not', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.addProcess(5000, 1)
  const alone = ['cpu', 'cpuacct', 'cpuset'].map((name, i) => `${i + 1}:${name}:/${docker}\n`)
  machine.write('proc/22827/cgroup', `${alone.join('')}4:memory:/shared\n0::/${docker}\n`)
  machine.write('cgroup/memory/shared/cgroup.procs', '22827\n5000\n')
  machine.write('cgroup/memory/shared/memory.limit_in_bytes', '536870912\n')
  machine.write('cgroup/memory/shared/memory.usage_in_bytes', '400000000\n')
  machine.write('proc/22827/status', 'VmRSS:\t 100 kB\nRssFile:\t 40 kB\nNSpid:\t22827\n')
  const source = machine.source(v1Process)
  const sample = source.sample()
  t.assert.equal(source.name, 'cgroup1+psi')
  t.assert.equal(sample.cpuUsageS, 219.981068096)
  t.assert.equal(sample.memCurrentBytes, 100 * 1024)
  t.assert.equal(sample.memFileBytes, 40 * 1024)
  t.assert.equal(sample.memLimitBytes, 536_870_912)
})

test('without a v2 tree there is the wait on run queues in place of pressure', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.remove('cgroup/unified')
  const source = machine.source(v1Process)
  t.assert.equal(source.name, 'cgroup1')
  t.assert.equal(source.sample().runQueueWaitS, 0)
  machine.write('proc/22827/task/22827/schedstat', '46793604 1029722899 226\n')
  t.assert.equal(source.sample().runQueueWaitS, 1)
  t.assert.equal(source.sample().cpuPressureS, undefined)
})

test('controllers mounted under a joined name are found', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.write('proc/22827/cgroup', '4:cpu,cpuacct:/a\n')
  machine.remove('cgroup/cpu')
  machine.remove('cgroup/cpuacct')
  machine.write('cgroup/cpu,cpuacct/a/cgroup.procs', '22827\n')
  machine.write('cgroup/cpu,cpuacct/a/cpuacct.usage', '5000000000\n')
  machine.write('cgroup/cpu,cpuacct/a/cpu.cfs_quota_us', '-1\n')
  machine.write('cgroup/cpu,cpuacct/a/cpu.cfs_period_us', '100000\n')
  const sample = machine.source(v1Process).sample()
  t.assert.equal(sample.cpuUsageS, 5)
  t.assert.equal(sample.cpus, 2)
})

test('a process that is moved is read in its new group, as if begun anew', (t) => {
  using machine = new RecordedMachine('v2')
  const source = machine.source(4242)
  t.assert.equal(source.sample().epoch, 0)
  machine.write('cgroup/unlimited-io/cgroup.procs', '4242\n')
  machine.write('proc/4242/cgroup', '0::/unlimited-io\n')
  machine.clock.now += 1000
  const moved = source.sample()
  t.assert.equal(moved.epoch, 1)
  t.assert.equal(moved.cpuUsageS, 5.972427)
})

test('a quota that is changed is seen at once', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  const source = machine.source(v1Process)
  machine.write(`cgroup/cpu/${docker}/cpu.cfs_quota_us`, '100000\n')
  t.assert.equal(source.sample().cpus, 1)
  machine.write(`cgroup/cpu/${docker}/cpu.cfs_quota_us`, '-1\n')
  t.assert.equal(source.sample().cpus, 2)
})

test('the CPUs that the process may run on bound it', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('proc/4243/status', 'Cpus_allowed_list:\t1\n')
  t.assert.equal(machine.source(4243).sample().cpus, 1)
})

test('traffic is told of a network namespace that is neither the host’s nor ours', (t) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.link('proc/1/ns/net', 'net:[4026531833]')
  machine.link('proc/self/ns/net', 'net:[4026531833]')
  machine.link('proc/22827/ns/net', 'net:[4026532261]')
  t.assert.equal(machine.source(v1Process).sample().netBytes, 7_195_901 + 8_239_896)
  machine.remove('proc/1/ns/net')
  machine.link('proc/1/ns/net', 'net:[4026532261]')
  t.assert.equal(machine.source(v1Process).sample().netBytes, undefined)
})

test('a process that has ended and not been waited for is gone, not idle', (t) => {
  using machine = new RecordedMachine('v2')
  const source = machine.source(4242)
  machine.write('proc/4242/stat', '4242 (anvil) Z 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20\n')
  t.assert.throws(() => source.sample(), ProcessGone)
})

test('with groups left out the process alone is read, within its limits', (t) => {
  using machine = new RecordedMachine('v2')
  const source = machine.source(4242, { ...machine.kernel, usesGroups: false })
  t.assert.equal(source.name, 'proc')
  t.assert.equal(source.sample().cpuUsageS, (21_612 + 385) / 100)
  t.assert.equal(source.sample().cpus, 0.5)
})

test('a machine that shows nothing but the process leaves the rest out', (t) => {
  using machine = new RecordedMachine()
  machine.addProcess(77, 1)
  t.assert.deepEqual({ ...machine.source(77).sample() }, { atMs: 1000, epoch: 0, cpuUsageS: 2 })
})
