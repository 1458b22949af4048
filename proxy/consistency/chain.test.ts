import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Block } from '../upstream/block.ts'
import { Chain, type Change, type Vote } from './chain.ts'
import { childOf, hashOf, histories, line, type Step } from './test/random-tree.ts'

test('a node ahead on the same branch is followed', (t: TestContext) => {
  const { chain, blocks } = chainOf(4)
  chain.decide(votesFor(blocks[2], blocks[2], blocks[3]), false)
  t.assert.equal(chain.head?.number, 3)
})

test('a node alone on a branch is not followed, however far ahead', (t: TestContext) => {
  const { chain, blocks } = chainOf(3)
  const far = grown(chain, blocks[1], 10, 100)
  chain.decide(votesFor(blocks[2], blocks[2], far), false)
  t.assert.equal(chain.head, blocks[2])
  t.assert.equal(chain.isAside(far), true)
})

test('at equal weight the longer branch is served, and at equal length the one served before', (t: TestContext) => {
  const { chain, blocks } = chainOf(3)
  const level = grown(chain, blocks[1], 1, 100)
  const longer = grown(chain, blocks[1], 2, 200)
  chain.decide(votesFor(blocks[2], blocks[2]), false)
  t.assert.equal(chain.decide(votesFor(blocks[2], level), false), null)
  t.assert.equal(chain.decide(votesFor(blocks[2], longer), false)?.kind, 'reorg')
  t.assert.equal(chain.head, longer)
})

test('weight decides, not the number of nodes', (t: TestContext) => {
  const { chain, blocks } = chainOf(3)
  const other = grown(chain, blocks[1], 1, 100)
  chain.decide(
    [
      { block: required(blocks[2]), weight: 1 },
      { block: required(blocks[2]), weight: 1 },
      { block: other, weight: 3 },
    ],
    false,
  )
  t.assert.equal(chain.head, other)
})

test('a block is served once as many nodes hold it as are asked for', (t: TestContext) => {
  const { chain, blocks } = chainOf(5, 2)
  chain.decide(votesFor(blocks[2], blocks[3], blocks[4]), false)
  t.assert.equal(chain.head?.number, 3)
  chain.decide(votesFor(blocks[4], blocks[3], blocks[4]), false)
  t.assert.equal(chain.head?.number, 4)
})

test('the head stays when those who held it are gone, until it may fall', (t: TestContext) => {
  const { chain, blocks } = chainOf(5)
  chain.decide(votesFor(blocks[4], blocks[2]), false)
  t.assert.equal(chain.decide(votesFor(blocks[2]), false), null)
  t.assert.equal(chain.head, blocks[4])
  t.assert.equal(chain.isOrphaned, true)
  t.assert.deepEqual(chain.decide(votesFor(blocks[2]), true), {
    kind: 'reorg',
    ancestor: blocks[2],
    removed: [blocks[3], blocks[4]],
    added: [],
  })
})

test('a reorganisation tells what went and what came, from the common ancestor up', (t: TestContext) => {
  const { chain, blocks } = chainOf(4)
  chain.decide(votesFor(blocks[3]), false)
  const top = grown(chain, blocks[1], 3, 100)
  const change = chain.decide(votesFor(top), false)
  t.assert.equal(change?.kind, 'reorg')
  if (change?.kind !== 'reorg') return
  t.assert.equal(change.ancestor, blocks[1])
  t.assert.deepEqual(change.removed, [blocks[2], blocks[3]])
  t.assert.deepEqual(
    change.added.map(({ hash }) => hash),
    [hashOf(100), hashOf(101), hashOf(102)],
  )
})

test('who is far below, and all that is left, is not followed either until the head may fall', (t: TestContext) => {
  const { chain, blocks } = chainOf(5)
  const head = required(blocks[4])
  chain.decide(votesFor(head, head), false)
  // Of a node so far behind that nothing is known between its block and the head.
  const far = { number: 1, hash: hashOf(900), parentHash: hashOf(899) }
  chain.tree.add(far)
  t.assert.equal(chain.decide(votesFor(far), false), null)
  t.assert.equal(chain.head, head)
  t.assert.equal(chain.isOrphaned, true)
  t.assert.equal(chain.decide(votesFor(far), true)?.kind, 'reorg')
})

test('far behind is no other branch; level with an unknown block is', (t: TestContext) => {
  const { chain, blocks } = chainOf(3)
  chain.decide(votesFor(blocks[2]), false)
  t.assert.equal(chain.isAside({ number: 0, hash: hashOf(900), parentHash: hashOf(901) }), false)
  t.assert.equal(chain.isAside({ number: 2, hash: hashOf(900), parentHash: hashOf(901) }), true)
})

test('whatever happens, the changes told make up the chain that is served', () => {
  const anyQuorum = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(histories(5), anyQuorum, (steps, quorum) => holds(steps, quorum)),
    {
      numRuns: 500,
    },
  )
})

test('blocks of a window are kept, and no more however many are made', (t: TestContext) => {
  const chain = new Chain(1)
  let head: Block = { number: 0, hash: hashOf(1), parentHash: hashOf(0) }
  chain.tree.add(head)
  for (let i = 2; i < 5_000; i++) {
    const side = childOf(head, 100_000 + i)
    head = childOf(head, i)
    chain.tree.add(side)
    chain.tree.add(head)
    chain.decide([{ block: head, weight: 1 }], false)
  }
  t.assert.ok(chain.tree.size <= 2 * (256 + 512), String(chain.tree.size))
  t.assert.equal(chain.tree.ancestor(head, head.number - 200)?.number, head.number - 200)
})

/** Runs a history and throws where a law breaks. */
function holds(steps: readonly Step[], quorum: number): void {
  const chain = new Chain(quorum)
  const genesis: Block = { number: 0, hash: hashOf(1), parentHash: hashOf(0) }
  const made: Block[] = [genesis]
  const heads = new Map<number, Block>()
  const silent = new Set<number>()
  /** The chain as a listener builds it from the changes alone. */
  let told: Block[] = []
  chain.tree.add(genesis)
  for (const step of steps) {
    if (step.kind === 'grow') {
      const block = childOf(newest(made, step.back), made.length + 1)
      chain.tree.add(block)
      made.push(block)
    } else if (step.kind === 'move') heads.set(step.node, newest(made, step.back))
    else if (step.isVoting) silent.delete(step.node)
    else silent.add(step.node)
    const voters = [...heads].filter(([node]) => !silent.has(node)).map(([, block]) => block)
    const before = chain.head
    const change = chain.decide(votesFor(...voters), false)
    if (change !== null) told = applied(told, change)
    const { head } = chain
    if (head === null) continue
    if (told.at(-1)?.hash !== head.hash) throw new Error('the changes do not lead to the head')
    told.forEach((block, i) => {
      if (i > 0 && block.parentHash !== told[i - 1]?.hash) throw new Error('a gap')
    })
    if (change === null) continue
    const holders = voters.filter((block) => chain.tree.ancestor(block, head.number) === head)
    if (holders.length < Math.min(quorum, voters.length)) throw new Error('held by too few')
    if (change.kind === 'advance' && before !== null && head.number <= before.number) {
      throw new Error('went back without a reorganisation')
    }
    const aside = voters.filter((block) => chain.isAside(block))
    const most = voters.length - aside.length
    // Where the others are of as many minds, somebody alone must be.
    if (2 * most < voters.length && most < 2 && isOneChain(chain, aside)) {
      throw new Error('a lone node is followed')
    }
  }
}

function isOneChain({ tree }: Chain, blocks: readonly Block[]): boolean {
  return blocks.every((a) =>
    blocks.every((b) => {
      const meeting = tree.meeting(a, b)
      return meeting?.hash === a.hash || meeting?.hash === b.hash
    }),
  )
}

function applied(told: readonly Block[], change: Change): Block[] {
  if (change.kind === 'advance') {
    if (told.length > 0 && change.added[0]?.parentHash !== told.at(-1)?.hash) {
      throw new Error('added where it does not fit')
    }
    return [...told, ...change.added]
  }
  const { removed } = change
  // What is below the first head that was told is known, but was never told.
  const kept = told.slice(0, Math.max(0, told.length - removed.length))
  const gone = told.slice(kept.length)
  const isWhole = gone.every((block, i) => block === removed[removed.length - gone.length + i])
  if (!isWhole) throw new Error('removed what was not')
  if (change.ancestor !== null && kept.length > 0 && kept.at(-1) !== change.ancestor) {
    throw new Error('not the common ancestor')
  }
  return [...kept, ...change.added]
}

function newest(made: readonly Block[], back: number): Block {
  return required(made[Math.max(0, made.length - 1 - back)])
}

function chainOf(length: number, quorum = 1) {
  const chain = new Chain(quorum)
  const blocks = line(length)
  for (const block of blocks) chain.tree.add(block)
  return { chain, blocks }
}

/** The last of `count` blocks on top of `from`, told by `index` and what follows. */
function grown(chain: Chain, from: Block | undefined, count: number, index: number): Block {
  let block = required(from)
  for (let i = 0; i < count; i++) {
    block = childOf(block, index + i)
    chain.tree.add(block)
  }
  return block
}

function votesFor(...blocks: readonly (Block | undefined)[]): Vote[] {
  return blocks.map((block) => ({ block: required(block), weight: 1 }))
}

function required(block: Block | undefined): Block {
  if (block === undefined) throw new RangeError('no such block')
  return block
}
