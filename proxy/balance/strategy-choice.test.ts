import { type TestContext, test } from 'node:test'
import { strategyNames } from './strategies.ts'
import {
  defaultChoice,
  holdModes,
  parseStrategy,
  StrategyError,
  strategyText,
} from './strategy-choice.ts'

test('every choice comes back from its own words', (t: TestContext) => {
  for (const name of strategyNames) {
    t.assert.equal(strategyText(parseStrategy(name)), name)
    t.assert.deepEqual(parseStrategy({ name }), { ...defaultChoice, name })
  }
  for (const hold of holdModes) {
    const choice = parseStrategy({ name: 'state-space', hold, observer: 'quota' })
    t.assert.deepEqual(parseStrategy(strategyText(choice)), choice)
  }
})

test('on and off may be truth, as YAML of old reads them', (t: TestContext) => {
  t.assert.equal(parseStrategy({ hold: false }).hold, 'off')
  t.assert.equal(parseStrategy({ hold: true }).hold, 'on')
})

test('what is no strategy, or no part of it, is refused in words', (t: TestContext) => {
  const refused: [unknown, RegExp][] = [
    ['best', /no strategy "best"; there is round-robin, /],
    ['constructor', /no strategy "constructor"/],
    [['state-space'], /want a name/],
    [{ name: 7 }, /want the name to be a text/],
    [{ name: 'round-robin', hold: 'off' }, /round-robin has no part "hold"/],
    ['state-space:hold', /hold: want one of on, off, patient, when-busy/],
    ['state-space:observer=best', /observer: want one of auto, /],
    [{ name: 'state-space', speed: 1 }, /no part "speed"/],
  ]
  for (const [value, message] of refused) {
    t.assert.throws(
      () => parseStrategy(value),
      (error) => error instanceof StrategyError && message.test(error.message),
      JSON.stringify(value),
    )
  }
})
