import { type TestContext, test } from 'node:test'
import { containerId, RecordedMachine } from '../test/recorded-machine.ts'

const v2 = 'cgroup/limited'
const v1 = `cgroup/blkio/docker/${containerId}`

/** What is told of the disk a second later, when limits are read again. */
function next(machine: RecordedMachine, source: ReturnType<RecordedMachine['source']>) {
  machine.clock.now += 1000
  const { diskLimitBusyS, diskLimitBytesPerS } = source.sample()
  return { busyS: diskLimitBusyS, bytesPerS: diskLimitBytesPerS }
}

test('of the ways of all devices the one used most counts, in seconds of its limit', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  machine.write(
    `${v2}/io.max`,
    '254:0 rbps=1000 wbps=500 riops=max wiops=max\n8:0 rbps=max wbps=max riops=max wiops=10\n',
  )
  machine.write(`${v2}/io.stat`, '254:0 rbytes=9000 wbytes=9000 rios=9 wios=9 dbytes=0 dios=0\n')
  const source = machine.source(4242)
  // What was transferred before the first reading is no use since.
  t.assert.deepEqual(next(machine, source), { busyS: 0, bytesPerS: 1500 })
  machine.write(`${v2}/io.stat`, '254:0 rbytes=9500 wbytes=9400 rios=9 wios=9 dbytes=0 dios=0\n')
  t.assert.equal(next(machine, source).busyS, 0.8)
  machine.write(
    `${v2}/io.stat`,
    '254:0 rbytes=9500 wbytes=9400 rios=9 wios=9 dbytes=0 dios=0\n8:0 rbytes=0 wbytes=99 rios=0 wios=9\n',
  )
  t.assert.equal(Math.round((next(machine, source).busyS ?? 0) * 1e6), 1.7e6)
})

test('a limit that is set, changed and lifted while it runs is picked up', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  const source = machine.source(4242)
  t.assert.deepEqual(next(machine, source), { busyS: undefined, bytesPerS: undefined })
  machine.write(`${v2}/io.max`, '254:0 rbps=max wbps=500 riops=max wiops=max\n')
  t.assert.equal(next(machine, source).bytesPerS, 500)
  machine.write(`${v2}/io.max`, '254:0 rbps=max wbps=250 riops=max wiops=max\n')
  t.assert.equal(next(machine, source).bytesPerS, 250)
  machine.write(`${v2}/io.max`, '')
  t.assert.deepEqual(next(machine, source), { busyS: undefined, bytesPerS: undefined })
})

test('a tighter limit of a group above binds', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  machine.write('cgroup/pod/node/io.max', '254:0 rbps=1000 wbps=max riops=max wiops=max\n')
  machine.write('cgroup/pod/io.max', '254:0 rbps=400 wbps=max riops=max wiops=max\n')
  machine.write('cgroup/pod/node/cgroup.procs', '4242\n')
  machine.write('proc/4242/cgroup', '0::/pod/node\n')
  t.assert.equal(next(machine, machine.source(4242)).bytesPerS, 400)
})

test('in cgroup v1 the throttle of blkio is the limit', (t: TestContext) => {
  using machine = new RecordedMachine('v1-hybrid')
  machine.write('proc/22827/cgroup', `7:blkio:/docker/${containerId}\n`)
  machine.write(`${v1}/blkio.throttle.write_bps_device`, '254:0 1000\n')
  machine.write(`${v1}/blkio.throttle.read_bps_device`, '')
  machine.write(
    `${v1}/blkio.throttle.io_service_bytes_recursive`,
    '254:0 Read 0\n254:0 Write 500\nTotal 500\n',
  )
  const source = machine.source(22_827)
  t.assert.deepEqual(next(machine, source), { busyS: 0, bytesPerS: 1000 })
  machine.write(
    `${v1}/blkio.throttle.io_service_bytes_recursive`,
    '254:0 Read 9000\n254:0 Write 750\nTotal 9750\n',
  )
  t.assert.equal(next(machine, source).busyS, 0.25)
})
