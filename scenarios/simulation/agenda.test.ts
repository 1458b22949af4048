import { type TestContext, test } from 'node:test'
import { randomStream } from '../load/random.ts'
import { Agenda } from './agenda.ts'
import { CallHeap } from './call-heap.ts'

test('things happen in the order of their times, those entered meanwhile too', (t: TestContext) => {
  const agenda = new Agenda()
  const random = randomStream(1, 'agenda')
  const happened: number[] = []
  const note = {
    happen: (left: number) => {
      happened.push(agenda.nowMs)
      if (left > 0) agenda.add(agenda.nowMs + 50 * random(), note, left - 1)
    },
  }
  for (let i = 0; i < 200; i += 1) agenda.add(100 * random(), note, 4)
  while (agenda.step(Number.POSITIVE_INFINITY));
  t.assert.equal(happened.length, 1000)
  t.assert.deepEqual(
    happened,
    happened.toSorted((a, b) => a - b),
  )
})

test('a model for which time stands still is an error, not a hang', (t: TestContext) => {
  const agenda = new Agenda()
  const again = { happen: () => agenda.add(agenda.nowMs, again, 0) }
  agenda.add(5, again, 0)
  t.assert.throws(() => {
    while (agenda.step(10));
  }, /stands still at 5 ms/)
})

test('nothing happens past the end that is asked for', (t: TestContext) => {
  const agenda = new Agenda()
  const happened: number[] = []
  for (const ms of [3, 1, 2]) agenda.add(ms, { happen: (what) => happened.push(what) }, ms)
  while (agenda.step(2));
  t.assert.deepEqual(happened, [1, 2])
  t.assert.equal(agenda.nowMs, 2)
  t.assert.equal(agenda.length, 1)
})

test('calls leave a heap by their numbers, however many there are', (t: TestContext) => {
  const heap = new CallHeap()
  const random = randomStream(2, 'heap')
  const keys = Array.from({ length: 500 }, () => random())
  for (const [call, key] of keys.entries()) heap.push(key, call)
  const left = keys.map(() => keys[heap.pop()])
  t.assert.deepEqual(
    left,
    keys.toSorted((a, b) => a - b),
  )
  t.assert.equal(heap.pop(), -1)
})
