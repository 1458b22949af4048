import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Block } from '../upstream/block.ts'
import { wayTo } from './way.ts'

/** Blocks by hash: `trunk` ones up to a fork, then two branches. */
function forked(trunk: number, left: number, right: number) {
  const blocks = new Map<string, Block>()
  const grow = (name: string, from: Block | null, count: number): Block[] => {
    const grown: Block[] = []
    let parent = from
    for (let i = 0; i < count; i += 1) {
      const number = parent === null ? 0 : parent.number + 1
      const block = { number, hash: `${name}${number}`, parentHash: parent?.hash ?? 'none' }
      blocks.set(block.hash, block)
      grown.push(block)
      parent = block
    }
    return grown
  }
  const stem = grow('t', null, trunk)
  const fork = stem.at(-1) ?? null
  const find = async (hash: string): Promise<Block | null> => blocks.get(hash) ?? null
  return { stem, left: grow('l', fork, left), right: grow('r', fork, right), find }
}

test('whatever was told last, the way leads over the fork: down one branch and up the other', async (t: TestContext) => {
  const few = fc.integer({ min: 0, max: 9 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), few, few, few, async (trunk, l, r, known) => {
      const { stem, left, right, find } = forked(trunk, l, r)
      const told = [...stem, ...left].slice(-1 - known)
      const to = right.at(-1) ?? stem.at(-1)
      if (to === undefined) throw new RangeError('no block')
      const way = await wayTo(told, to, find, 64)
      t.assert.deepEqual(way, { removed: left, added: right, ancestor: stem.at(-1) })
    }),
  )
})

test('a way that is too long, or over a block that nobody has, is none', async (t: TestContext) => {
  const { stem, left, right, find } = forked(1, 5, 5)
  const [to, from] = [right.at(-1), left.at(-1)]
  if (to === undefined || from === undefined) throw new RangeError('no block')
  t.assert.equal(await wayTo([from], to, find, 4), null)
  t.assert.notEqual(await wayTo([from], to, find, 5), null)
  const lacking = async (hash: string) => (hash === stem[0]?.hash ? null : await find(hash))
  t.assert.equal(await wayTo([from], to, lacking, 64), null)
})

test('a node that numbers its blocks as it likes leads nowhere', async (t: TestContext) => {
  const told = { number: 5, hash: 'a', parentHash: 'z' }
  const odd = { number: 9, hash: 'b', parentHash: 'b' }
  t.assert.equal(await wayTo([told], odd, async () => odd, 64), null)
})
