import { test } from 'node:test'
import { RecordedMachine } from '../test/recorded-machine.ts'
import { RunQueue } from './run-queue.ts'
import type { Sample } from './source.ts'

function waitS(queue: RunQueue): number | undefined {
  const sample: Sample = { atMs: 0, epoch: 0 }
  queue.read(sample)
  return sample.runQueueWaitS
}

test('the wait of all threads adds up from the first reading on', (t) => {
  using machine = new RecordedMachine()
  machine.write('proc/7/task/7/schedstat', '5 1000000000 1\n')
  machine.write('proc/7/task/8/schedstat', '5 2000000000 1\n')
  const queue = new RunQueue(machine.files, machine.procRoot, 7)
  t.assert.equal(waitS(queue), 0)
  machine.write('proc/7/task/7/schedstat', '5 1500000000 1\n')
  machine.write('proc/7/task/8/schedstat', '5 3000000000 1\n')
  t.assert.equal(waitS(queue), 1.5)
  queue.close()
})

test('a thread that began since brings all its wait', (t) => {
  using machine = new RecordedMachine()
  machine.write('proc/7/task/7/schedstat', '5 1000000000 1\n')
  const queue = new RunQueue(machine.files, machine.procRoot, 7)
  waitS(queue)
  machine.write('proc/7/task/9/schedstat', '5 250000000 1\n')
  t.assert.equal(waitS(queue), 0.25)
  queue.close()
})

test('a thread that ended takes nothing back', (t) => {
  using machine = new RecordedMachine()
  machine.write('proc/7/task/7/schedstat', '5 1000000000 1\n')
  machine.write('proc/7/task/8/schedstat', '5 1000000000 1\n')
  const queue = new RunQueue(machine.files, machine.procRoot, 7)
  waitS(queue)
  machine.write('proc/7/task/8/schedstat', '5 2000000000 1\n')
  t.assert.equal(waitS(queue), 1)
  machine.remove('proc/7/task/8')
  t.assert.equal(waitS(queue), 1)
  queue.close()
})

test('a kernel that counts nothing tells nothing', (t) => {
  using machine = new RecordedMachine()
  machine.write('proc/7/task/7/schedstat', '0 0 0\n')
  const queue = new RunQueue(machine.files, machine.procRoot, 7)
  t.assert.equal(waitS(queue), undefined)
  queue.close()
})

test('more threads than are followed tell nothing rather than too little', (t) => {
  using machine = new RecordedMachine()
  for (let tid = 1; tid <= 513; tid += 1) machine.write(`proc/7/task/${tid}/schedstat`, '5 6 1\n')
  const queue = new RunQueue(machine.files, machine.procRoot, 7)
  t.assert.equal(waitS(queue), undefined)
  machine.remove('proc/7/task/513')
  t.assert.equal(waitS(queue), 0)
  queue.close()
})
