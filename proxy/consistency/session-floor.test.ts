import { type TestContext, test } from 'node:test'
import { Consistency } from './consistency.ts'
import { Session } from './session.ts'
import { aheadOf, showHead, shownFloor, showPin } from './session-floor.ts'
import { at, branch, root, TestHeads } from './test/test-heads.ts'

const old = branch(root, 3, 100)
const next = branch(root, 5, 200)

test('a client new to us is shown the head', (t: TestContext) => {
  const { heads } = onOld()
  const strict = new Consistency(heads, true)
  t.assert.equal(strict.pinFor(null), at(old, -1))
  t.assert.equal(strict.pinFor(new Session()), at(old, -1))
  t.assert.equal(new Consistency(heads, false).pinFor(null), at(old, -1))
})

test('a block below what its client was shown is no pin', (t: TestContext) => {
  const { heads } = onOld()
  const strict = new Consistency(heads, true)
  const session = new Session()
  session.floor = heads.tip + 1
  session.epoch = heads.epoch
  t.assert.equal(strict.pinFor(session), null)
  session.floor = heads.tip
  t.assert.equal(strict.pinFor(session), at(old, -1))
})

test('whose last node went to another branch just now is shown no pin of this one', (t: TestContext) => {
  const fleet = onOld()
  const strict = new Consistency(fleet.heads, true)
  const session = new Session()
  showHead(session, fleet.node(0), fleet.heads, false)
  fleet.turn(0)
  t.assert.equal(aheadOf(session, fleet.heads), fleet.node(0))
  t.assert.equal(strict.pinFor(session), null)
  // Nobody followed.
  fleet.pass(2_001)
  t.assert.equal(strict.pinFor(session), at(old, -1))
})

test('what a pin showed is remembered', (t: TestContext) => {
  const { heads } = onOld()
  const session = new Session()
  showPin(session, at(old, -1), heads)
  t.assert.equal(shownFloor(session, heads), 13)
  // A call that waited long shows an older one: that takes nothing back.
  showPin(session, at(old, 0), heads)
  t.assert.equal(shownFloor(session, heads), 13)
})

test('a pin that was removed meanwhile binds no longer than what was shown before', (t: TestContext) => {
  const fleet = onOld()
  const { heads } = fleet
  const session = new Session()
  fleet.gather(at(next, 0))
  t.assert.equal(heads.head, at(next, 0))
  showPin(session, at(old, -1), heads)
  t.assert.equal(shownFloor(session, heads), 13)
  fleet.pass(2_001)
  t.assert.equal(shownFloor(session, heads), heads.tip)
})

test('an answer binds to the head of its node, and to what that has by now', (t: TestContext) => {
  const fleet = onOld()
  const session = new Session()
  showHead(session, fleet.node(0), fleet.heads, false)
  t.assert.equal(shownFloor(session, fleet.heads), 13)
  fleet.go(at(branch(at(old, -1), 1, 300), 0), 0)
  t.assert.equal(shownFloor(session, fleet.heads), 14)
})

test('whose answer said which head it is of is bound to that height, and not to its node', (t: TestContext) => {
  const fleet = onOld()
  const session = new Session()
  showHead(session, fleet.node(0), fleet.heads, true)
  fleet.turn(0)
  t.assert.equal(aheadOf(session, fleet.heads), null)
  t.assert.equal(shownFloor(session, fleet.heads), 13)
})

test('the head of another node frees a client from the last one', (t: TestContext) => {
  const fleet = onOld()
  const session = new Session()
  showHead(session, fleet.node(0), fleet.heads, false)
  fleet.turn(0)
  t.assert.equal(aheadOf(session, fleet.heads), fleet.node(0))
  showHead(session, fleet.node(1), fleet.heads, true)
  t.assert.equal(aheadOf(session, fleet.heads), null)
})

function onOld(): TestHeads {
  const fleet = new TestHeads(3)
  fleet.gather(root)
  for (const block of old) fleet.gather(block)
  return fleet
}
