import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type ChainBlock, ChainNode, History } from '../test/chain-node.ts'
import type { Block } from './block.ts'
import { HeadFollower, type HeadSink } from './head.ts'
import { NodeSocket } from './node-socket.ts'
import { testClock, testUpstream } from './test/test-upstream.ts'

test('a node that tells of its head is believed', async (t: TestContext) => {
  const { history, node, sink } = await followed(t)
  history.extend()
  node.goTo(node.step + 1)
  await sink.took(node.head)
  history.reorganise(2)
  node.goTo(node.step + 1)
  await sink.took(node.head)
  t.assert.equal(sink.heads.length, 3)
})

test('what it told before it was looked at, and is heard of later, is of the past', async (t: TestContext) => {
  const { history, node, sink, look } = await followed(t)
  history.extend()
  const past = history.heads.at(-1)
  history.reorganise(1)
  node.goSilently(history.heads.length - 1)
  const turned = node.head
  await look()
  // First the words that were under way, then those of the block that the look showed.
  if (past !== undefined) node.tell(past)
  node.tell(turned)
  history.extend()
  node.goTo(node.step + 1)
  await sink.took(node.head)
  t.assert.deepEqual(sink.heads.slice(1), [turned.hash, node.head.hash])
})

test('a block as high as the one that a look showed is looked at first', async (t: TestContext) => {
  const { history, node, sink, look } = await followed(t)
  history.extend()
  const past = history.heads.at(-1)
  history.reorganise(1, 1)
  node.goSilently(history.heads.length - 1)
  const turned = node.head
  await look()
  if (past !== undefined) node.tell(past)
  history.extend()
  node.goTo(node.step + 1)
  await sink.took(node.head)
  t.assert.deepEqual(sink.heads.slice(1), [turned.hash, node.head.hash])
})

test('a node that goes back is found there', async (t: TestContext) => {
  const { history, node, sink } = await followed(t)
  history.extend()
  node.goTo(node.step + 1)
  await sink.took(node.head)
  history.reorganise(3, 1)
  node.goTo(node.step + 1)
  await sink.took(node.head)
  t.assert.equal(sink.heads.length, 3)
})

/** What a follower says, in order. */
class Sink extends EventEmitter implements HeadSink {
  readonly blockTimeMs = null
  readonly heads: string[] = []
  readonly #known = new Set<string>()

  knows(hash: string): boolean {
    return this.#known.has(hash)
  }

  turning(): void {}
  tagged(): void {}

  take(_upstream: unknown, head: Block, blocks: readonly Block[]): void {
    for (const { hash } of [...blocks, head]) this.#known.add(hash)
    this.heads.push(head.hash)
    this.emit('head')
  }

  async took({ hash }: ChainBlock): Promise<void> {
    while (this.heads.at(-1) !== hash) await once(this, 'head')
  }
}

/** A node of which a follower has just learned the head. */
async function followed(t: TestContext) {
  const history = new History()
  const node = await ChainNode.start(t, 'node', history)
  const clock = testClock()
  const upstream = testUpstream('node', clock, { url: node.url })
  upstream.health = 'up'
  const socket = new NodeSocket('node', upstream.ws)
  const sink = new Sink()
  const follower = new HeadFollower(upstream, socket, sink, clock)
  t.after(async () => {
    await follower.close()
    await socket.close()
  })
  // Time passes from word to word.
  sink.on('head', () => {
    clock.ms += 1
  })
  const listened = node.listened()
  await follower.start()
  await listened
  await sink.took(node.head)
  return { history, node, sink, look: () => follower.look() }
}
