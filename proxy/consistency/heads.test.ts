import { type TestContext, test } from 'node:test'
import type { Change } from './chain.ts'
import { at, branch, root, TestHeads } from './test/test-heads.ts'

const old = branch(root, 3, 100)
const next = branch(root, 5, 200)

test('before any node tells of a block there is no head', (t: TestContext) => {
  const { heads } = new TestHeads(2)
  t.assert.equal(heads.head, null)
  t.assert.equal(heads.tip, 0)
})

test('the highest block of one branch is the head, and fresh is who has it', (t: TestContext) => {
  const fleet = new TestHeads(3)
  fleet.gather(root)
  t.assert.equal(fleet.heads.freshAmong(fleet.heads.readers), fleet.heads.readers)
  fleet.go(at(old, 0), 1, 2)
  t.assert.equal(fleet.heads.head, at(old, 0))
  t.assert.equal(fleet.heads.tip, 11)
  t.assert.deepEqual(fleet.fresh, [1, 2])
})

test('a block is served once as many nodes hold it as are asked for', (t: TestContext) => {
  const fleet = new TestHeads(3, 2)
  fleet.gather(root)
  fleet.go(at(old, 0), 0)
  t.assert.equal(fleet.heads.tip, 10)
  fleet.go(at(old, 0), 1)
  t.assert.equal(fleet.heads.tip, 11)
})

test('who is alone on a branch is aside, however far ahead', (t: TestContext) => {
  const fleet = new TestHeads(3)
  fleet.gather(root)
  fleet.go(at(old, 0), 0, 1)
  for (const block of next) fleet.go(block, 2)
  t.assert.equal(fleet.heads.head, at(old, 0))
  t.assert.notEqual(fleet.node(2).asideSinceMs, null)
  t.assert.deepEqual(fleet.fresh, [0, 1])
})

test('a reorganisation is told with what went and what came, and begins an epoch', (t: TestContext) => {
  const fleet = reorganised(t, 3)
  t.assert.equal(fleet.heads.tip, 15)
  t.assert.deepEqual(fleet.fresh, [0, 1])
  t.assert.notEqual(fleet.node(2).asideSinceMs, null)
})

test('late nodes that come by removed blocks do not take the head back', (t: TestContext) => {
  const fleet = new TestHeads(4)
  fleet.gather(root)
  for (const block of old) fleet.go(block, 0, 1)
  for (const block of next) fleet.go(block, 0, 1)
  const { epoch, tip } = fleet.heads
  // One of the two is gone: the late ones outnumber who is left.
  fleet.node(1).health = 'down'
  for (const block of old) fleet.go(block, 2, 3)
  t.assert.deepEqual([fleet.heads.epoch, fleet.heads.tip], [epoch, tip])
  t.assert.equal(fleet.heads.head, at(next, -1))
  t.assert.deepEqual(fleet.fresh, [0])
})

test('late nodes that go on to what was never served are heard', (t: TestContext) => {
  const fleet = new TestHeads(4)
  fleet.gather(root)
  for (const block of old) fleet.go(block, 0, 1)
  for (const block of next) fleet.go(block, 0, 1)
  fleet.node(1).health = 'down'
  const [child] = branch(at(old, -1), 1, 300)
  if (child === undefined) throw new RangeError('no child')
  fleet.go(at(old, -1), 2, 3)
  fleet.go(child, 2, 3)
  t.assert.equal(fleet.heads.head, child)
})

test('who leaves the head for a block that was removed makes it news again', (t: TestContext) => {
  const fleet = new TestHeads(3)
  fleet.gather(root)
  fleet.gather(at(old, -1))
  fleet.gather(at(next, 2))
  t.assert.equal(fleet.heads.head, at(next, 2))
  fleet.go(at(old, -1), 0, 1)
  t.assert.equal(fleet.heads.head, at(old, -1))
})

test('of a node that is turning no more is known than that it left its block', (t: TestContext) => {
  const fleet = new TestHeads(3)
  fleet.gather(root)
  for (const block of old) fleet.go(block, 0, 2)
  const [lone, child] = branch(root, 2, 300)
  if (lone === undefined || child === undefined) throw new RangeError('no branch')
  fleet.go(lone, 1)
  fleet.turn(1)
  // With one who is still there, it would be two to one.
  fleet.go(child, 2)
  t.assert.equal(fleet.heads.head, at(old, -1))
  fleet.go(child, 1)
  t.assert.equal(fleet.heads.head, child)
})

test('without anybody on the head it stays, and falls after a while', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  fleet.go(at(old, 0), 0)
  fleet.node(0).health = 'down'
  fleet.pass(1)
  t.assert.equal(fleet.heads.tip, 11)
  t.assert.equal(fleet.heads.isFallen, false)
  fleet.pass(2_500)
  t.assert.equal(fleet.heads.isFallen, true)
  t.assert.equal(fleet.heads.tip, 11)
  fleet.pass(8_000)
  t.assert.equal(fleet.heads.tip, 10)
  t.assert.equal(fleet.heads.head, root)
  t.assert.equal(fleet.heads.isFallen, false)
})

test('where all that is left is on removed blocks, they are followed after a while', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  for (const block of old) fleet.go(block, 0)
  for (const block of next) fleet.go(block, 0)
  fleet.go(at(old, -1), 1)
  fleet.node(0).health = 'down'
  fleet.pass(1)
  t.assert.equal(fleet.heads.head, at(next, -1))
  fleet.pass(10_001)
  t.assert.equal(fleet.heads.head, at(old, -1))
  t.assert.equal(fleet.heads.tip, 13)
  t.assert.deepEqual(fleet.fresh, [1])
})

test('a node of which there is no other is right, whatever it says', (t: TestContext) => {
  const fleet = new TestHeads(1)
  for (const block of [root, ...old, ...next]) fleet.gather(block)
  fleet.gather(at(old, 0))
  t.assert.equal(fleet.heads.head, at(old, 0))
  t.assert.equal(fleet.heads.tip, 11)
})

test('a floor holds in its epoch, and a while after it; then the head is enough', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  fleet.gather(at(old, 0))
  const { epoch, tip } = fleet.heads
  t.assert.equal(fleet.heads.floorOf(tip + 3, epoch), tip + 3)
  fleet.gather(at(next, 1))
  t.assert.equal(fleet.heads.floorOf(20, epoch), 20)
  fleet.pass(2_001)
  t.assert.equal(fleet.heads.floorOf(20, epoch), fleet.heads.tip)
  t.assert.equal(fleet.heads.floorOf(20, fleet.heads.epoch), 20)
})

test('while nodes turn to a shorter branch no lower head is shown, but for a while', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  for (const block of old) fleet.gather(block)
  fleet.gather(at(next, 0))
  t.assert.equal(fleet.heads.head, at(next, 0))
  t.assert.deepEqual([fleet.heads.tip, fleet.heads.shown], [11, 13])
  fleet.gather(at(next, 1))
  t.assert.deepEqual([fleet.heads.tip, fleet.heads.shown], [12, 13])
  for (const block of next.slice(2)) fleet.gather(block)
  t.assert.deepEqual([fleet.heads.tip, fleet.heads.shown], [15, 15])
})

test('a branch that stays shorter is shown after a block’s time', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  for (const block of old) fleet.gather(block)
  fleet.gather(at(next, 0))
  fleet.pass(2_001)
  t.assert.equal(fleet.heads.shown, 11)
})

test('an answer may raise the head by some blocks; a leap must be proved', (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  t.assert.equal(fleet.heads.learn(fleet.node(0), 12), true)
  t.assert.equal(fleet.heads.tip, 12)
  t.assert.equal(fleet.heads.learn(fleet.node(1), 12 + 17), false)
  t.assert.equal(fleet.heads.tip, 12)
})

test('a wait ends when a node has caught up', async (t: TestContext) => {
  const fleet = new TestHeads(2)
  fleet.gather(root)
  const met = fleet.heads.reach(() => fleet.heads.tip > 10, 60_000)
  fleet.go(at(old, 0), 0)
  t.assert.equal(await met, true)
})

test('what is closed ends its waits', async (t: TestContext) => {
  const { heads } = new TestHeads(2)
  const met = heads.reach(() => false, 60_000)
  heads.close()
  t.assert.equal(await met, false)
})

test('a call waits for one block time, within bounds', (t: TestContext) => {
  const fleet = new TestHeads(1)
  t.assert.equal(fleet.heads.waitMs, 2_000)
  const seen = [root, ...old].map((block) => {
    fleet.clock.ms += 1_500
    fleet.gather(block)
    return fleet.heads.waitMs
  })
  t.assert.deepEqual(seen, [2_000, 1_500, 1_500, 1_500])
  t.assert.equal(fleet.heads.blockTimeMs, 1_500)
})

/** Two nodes went from the old branch to the new one; the third, which was there too, did not. */
function reorganised(t: TestContext, count: number): TestHeads {
  const fleet = new TestHeads(count)
  const changes: Change[] = []
  fleet.gather(root)
  for (const block of old) fleet.gather(block)
  const { epoch } = fleet.heads
  const stop = fleet.heads.onChange((change) => changes.push(change))
  for (const block of next) fleet.go(block, 0)
  t.assert.deepEqual(changes, [])
  fleet.go(at(next, -1), 1)
  stop()
  t.assert.deepEqual(changes, [{ kind: 'reorg', ancestor: root, removed: old, added: next }])
  t.assert.equal(fleet.heads.epoch, epoch + 1)
  return fleet
}
