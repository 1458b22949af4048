import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from './clock.ts'
import { type ProcessName, processSubject } from './naming.ts'
import { openMachine } from './sources/machine.ts'
import type { Machine } from './sources/source.ts'
import { RecordedMachine } from './test/recorded-machine.ts'
import { WatchedNode } from './watched-node.ts'

const onLinux = process.platform === 'linux' ? {} : { skip: 'there is no /proc here' }

/** A node `a` on a tree, and what it says to people. */
class Watch implements Disposable {
  readonly machine = new RecordedMachine('v2')
  readonly lines: string[] = []
  readonly #opened: Machine
  readonly #node: WatchedNode

  constructor(name: (machine: RecordedMachine) => ProcessName) {
    const { procRoot, cgroupRoot, clock } = this.machine
    const log = (line: string) => void this.lines.push(line)
    this.#opened = openMachine({ mode: 'auto', procRoot, cgroupRoot, clock, log })
    const subject = processSubject({ id: 'a', ...name(this.machine) }, this.#opened)
    this.#node = new WatchedNode(subject, log)
  }

  /** The next report, 250 ms later. */
  next() {
    this.machine.clock.now += 250
    this.#opened.refresh()
    this.#node.observe()
    return this.#node.report(this.machine.clock.now)
  }

  /** Ends a process that nobody has waited for: its files stay. */
  end(pid: number): void {
    this.machine.write(`proc/${pid}/stat`, `${pid} (node) Z 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20\n`)
  }

  [Symbol.dispose](): void {
    this.#node.close()
    this.machine[Symbol.dispose]()
  }
}

test('a node is reported with where its figures come from', (t: TestContext) => {
  using watch = new Watch(() => ({ pid: 4242 }))
  const { x, cap, raw, ...rest } = watch.next()
  t.assert.deepEqual(rest, { id: 'a', name: 'a', src: 'cgroup2', age: 0 })
  t.assert.deepEqual(cap, { cpus: 0.5, mem: 134_217_728 })
  t.assert.equal(raw.cpu_usage_s, 3.030748)
  t.assert.equal(x.cpu, undefined)
  t.assert.equal(watch.next().x.cpu, 0)
})

test('a process that ended is gone, with no figures, and stays so', (t: TestContext) => {
  using watch = new Watch(() => ({ pid: 4242 }))
  watch.next()
  watch.end(4242)
  const gone = { id: 'a', name: 'a', gone: true, x: {}, cap: {}, raw: {}, src: 'cgroup2', age: 0 }
  t.assert.deepEqual(watch.next(), gone)
  watch.machine.addProcess(4242, 1)
  t.assert.deepEqual(watch.next(), gone)
})

test('a process that never was is gone', (t: TestContext) => {
  using watch = new Watch(() => ({ pid: 99 }))
  t.assert.equal(watch.next().gone, true)
  t.assert.deepEqual(watch.lines, ['a: no such process'])
})

test('a pid file that names another process is followed within one reading', (t: TestContext) => {
  using watch = new Watch(({ root }) => ({ pidFile: join(root, 'a.pid') }))
  t.assert.equal(watch.next().gone, true)
  watch.machine.write('a.pid', '4242\n')
  t.assert.equal(watch.next().raw.cpu_usage_s, 3.030748)
  watch.machine.write('a.pid', '4243')
  const { gone, raw, x } = watch.next()
  t.assert.equal(gone, undefined)
  t.assert.equal(raw.cpu_usage_s, 5.972427)
  t.assert.equal(x.cpu, undefined)
})

test('a restarted node is found again when its pid file is written, not before', (t: TestContext) => {
  using watch = new Watch(({ root }) => ({ pidFile: join(root, 'a.pid') }))
  watch.machine.write('a.pid', '4242\n')
  watch.next()
  watch.end(4242)
  t.assert.equal(watch.next().gone, true)
  watch.machine.addProcess(4242, 1)
  t.assert.equal(watch.next().gone, true)
  utimesSync(join(watch.machine.root, 'a.pid'), 1, 1)
  t.assert.equal(watch.next().gone, undefined)
})

test('a pid file that is gone leaves its process watched', (t: TestContext) => {
  using watch = new Watch(({ root }) => ({ pidFile: join(root, 'a.pid') }))
  watch.machine.write('a.pid', '4242\n')
  watch.next()
  watch.machine.remove('a.pid')
  t.assert.equal(watch.next().gone, undefined)
})

test('people are told what changes, once', (t: TestContext) => {
  using watch = new Watch(() => ({ pid: 4242 }))
  for (let i = 0; i < 3; i += 1) watch.next()
  watch.end(4242)
  for (let i = 0; i < 3; i += 1) watch.next()
  t.assert.deepEqual(watch.lines, [
    'a: process 4242, read through cgroup2',
    'a: process 4242 has ended',
  ])
})

test('a real process that is killed is gone', onLinux, async (t: TestContext) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' })
  const roots = { procRoot: '/proc', cgroupRoot: '/sys/fs/cgroup' }
  const machine = openMachine({ mode: 'auto', ...roots, clock: systemClock, log: () => {} })
  const node = new WatchedNode(processSubject({ id: 'a', pid: child.pid ?? 0 }, machine), () => {})
  try {
    node.observe()
    const alive = node.report(systemClock.nowMs())
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    node.observe()
    t.assert.equal(alive.gone, undefined)
    t.assert.ok((alive.raw.mem_current ?? 0) > 0)
    t.assert.ok((alive.cap.cpus ?? 0) > 0)
    t.assert.equal(node.report(systemClock.nowMs()).gone, true)
  } finally {
    child.kill('SIGKILL')
    node.close()
    await machine.close()
  }
})
