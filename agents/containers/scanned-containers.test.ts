import { type TestContext, test } from 'node:test'
import { containerId, RecordedMachine } from '../test/recorded-machine.ts'
import { scanForContainers } from './process-scan.ts'
import { ScannedContainers } from './scanned-containers.ts'

const other = containerId.replaceAll('a', 'b')

/** Puts a process into a container, begun so many ticks after the host. */
function place(machine: RecordedMachine, pid: number, id: string, ticks: number): void {
  machine.write(
    `proc/${pid}/stat`,
    `${pid} (node) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 ${ticks} 0\n`,
  )
  machine.write(`proc/${pid}/cgroup`, `0::/../docker-${id}.scope\n`)
}

test('the first process of a container is the one that began first', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  place(machine, 900, containerId, 500)
  place(machine, 77, containerId, 900)
  place(machine, 901, other, 600)
  const found = scanForContainers(machine.files, machine.procRoot)
  t.assert.deepEqual(
    [...found],
    [
      [containerId, 900],
      [other, 901],
    ],
  )
})

test('a container that starts, restarts and ends is followed, others are left out', (t: TestContext) => {
  using machine = new RecordedMachine('v2')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const changes = { count: 0 }
  const table = new ScannedContainers({
    selectors: [{ kind: 'container', name: containerId.slice(0, 12) }],
    procRoot: machine.procRoot,
    clock: machine.clock,
    log: () => {},
  })
  t.after(() => table.close())
  const pids = () => [...table.containers.values()].map(({ pid }) => pid)
  place(machine, 901, other, 600)
  table.start(() => {
    changes.count += 1
  })
  t.assert.deepEqual([pids(), table.isComplete, changes.count], [[], true, 1])
  place(machine, 900, containerId, 500)
  t.mock.timers.tick(2000)
  t.assert.deepEqual([pids(), changes.count], [[900], 2])
  t.mock.timers.tick(2000)
  t.assert.equal(changes.count, 2)
  machine.remove('proc/900')
  place(machine, 950, containerId, 800)
  table.doubt()
  t.mock.timers.tick(200)
  t.assert.deepEqual([pids(), changes.count], [[950], 3])
  machine.remove('proc/950')
  t.mock.timers.tick(2000)
  t.assert.deepEqual([pids(), changes.count], [[], 4])
})

test('a machine that shows no processes is told of once', (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: string[] = []
  const table = new ScannedContainers({
    selectors: [],
    procRoot: '/nowhere',
    clock: { nowMs: () => 0, wallMs: () => 0 },
    log: (line) => void lines.push(line),
  })
  t.after(() => table.close())
  table.start(() => {})
  t.mock.timers.tick(4000)
  t.assert.equal(lines.length, 1)
  t.assert.match(lines[0] ?? '', /^containers: ENOENT/)
  t.assert.equal(table.isComplete, false)
})
