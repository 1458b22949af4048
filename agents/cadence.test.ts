import { type TestContext, test } from 'node:test'
import { Cadence } from './cadence.ts'

/** A cadence on a clock that the test turns, with what it did and when, in ms. */
function cadenceOf(t: TestContext, intervalMs: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clock = { ms: 0, nowMs: () => clock.ms, wallMs: () => clock.ms }
  const told = {
    beats: [] as number[],
    looks: [] as number[],
    late: [] as number[],
    isWanted: false,
  }
  const cadence = new Cadence({
    intervalMs,
    clock,
    beat: () => told.beats.push(clock.ms),
    isWantedNow: () => {
      told.looks.push(clock.ms)
      return told.isWanted
    },
    onLate: (lateMs) => told.late.push(lateMs),
  })
  t.after(() => cadence.close())
  /** Lets time pass, in steps that are those of the timers unless the machine is busy. */
  const pass = (ms: number, stepMs = 1) => {
    for (let i = 0; i < ms; i += stepMs) {
      clock.ms += stepMs
      t.mock.timers.tick(stepMs)
    }
  }
  return { cadence, told, pass }
}

test('it beats at once, and then on every interval without drifting', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 250)
  cadence.start()
  pass(1000)
  t.assert.deepEqual(told.beats, [0, 250, 500, 750, 1000])
  t.assert.deepEqual(told.looks, [125, 375, 625, 875])
  t.assert.deepEqual(told.late, [0, 0, 0, 0])
})

test('what is wanted between two beats comes at once, and the rhythm stays', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 250)
  cadence.start()
  told.isWanted = true
  pass(200)
  told.isWanted = false
  pass(300)
  t.assert.deepEqual(told.beats, [0, 125, 250, 500])
})

test('a nudge beats as soon as one may, and several are one', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 250)
  cadence.start()
  cadence.nudge()
  cadence.nudge()
  pass(30)
  t.assert.deepEqual(told.beats, [0, 20])
  cadence.nudge()
  pass(220)
  t.assert.deepEqual(told.beats, [0, 20, 40, 250])
})

test('a beat that came late is told of, those that were missed are not made up for', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 250)
  cadence.start()
  pass(600, 600)
  pass(400)
  t.assert.deepEqual(told.beats, [0, 600, 750, 1000])
  t.assert.deepEqual(told.looks, [625, 875])
  pass(350, 350)
  t.assert.deepEqual(told.beats.at(-1), 1350)
  t.assert.deepEqual(told.late, [100, 0, 0, 100])
})

test('a fast interval has no looks in between', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 50)
  cadence.start()
  pass(200)
  t.assert.deepEqual(told.beats, [0, 50, 100, 150, 200])
  t.assert.deepEqual(told.looks, [])
})

test('after it was closed it beats no more', (t: TestContext) => {
  const { cadence, told, pass } = cadenceOf(t, 250)
  cadence.start()
  cadence.nudge()
  cadence.close()
  cadence.nudge()
  pass(600)
  t.assert.deepEqual(told.beats, [0])
})
