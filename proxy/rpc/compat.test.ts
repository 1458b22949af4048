import { type TestContext, test } from 'node:test'
import { compatOf, latestCompat, latestGeth } from './compat.ts'

test('the latest release is the one spoken by default', (t: TestContext) => {
  t.assert.deepEqual(compatOf(latestGeth), latestCompat)
})

test('each difference begins with its release', (t: TestContext) => {
  const old = {
    endsLines: true,
    limitsNames: false,
    saysGoodbye: false,
    speaksHttp2: false,
    foldsHosts: false,
  }
  t.assert.deepEqual(compatOf('1.15.11'), { ...old, refusesPaths: false })
  t.assert.deepEqual(compatOf('1.16.0'), { ...old, limitsNames: true, refusesPaths: false })
  const last = {
    ...old,
    limitsNames: true,
    saysGoodbye: true,
    refusesPaths: false,
    speaksHttp2: true,
  }
  t.assert.deepEqual(compatOf('v1.17.3'), last)
  t.assert.deepEqual(compatOf('1.17.4'), latestCompat)
})

test('what is no release that is known is none', (t: TestContext) => {
  for (const text of [
    '',
    '1.17',
    '1.17.6',
    '1.14.13',
    '2.0.0',
    '1.17.x',
    '1.17.5-stable',
    '-1.16.0',
  ]) {
    t.assert.equal(compatOf(text), null, text)
  }
})
