import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { quantity } from '../../fleets/block.ts'
import { NodeRpc } from '../../fleets/node-rpc.ts'
import { accountOf } from './payer.ts'
import { type Kind, openPoller } from './pollers.ts'
import type { ReadsStack } from './stack.ts'
import { type Shown, Timeline } from './timeline.ts'

export type PollOptions = {
  /** Tells its account from those of other runs. */
  readonly name: string
  readonly clients: number
  /** Of all clients together, at least. */
  readonly answers: number
  readonly kinds: readonly Kind[]
  /** Calls in a batch; 1 for nodes that do a batch in any order. */
  readonly batch: number
  /** How often the chain reorganises at least, one to three blocks deep; 0: never. */
  readonly reorgs: number
  /** Heads that there are at least meanwhile. */
  readonly heads: number
}

/** What clients saw, and what is wrong with it. */
export type Polled = {
  readonly answers: number
  readonly heads: number
  readonly reorgs: number
  readonly wrongs: readonly string[]
}

/** Answers of a client from one look at the others to the next. */
const atOnce = 30
/** From one reorganisation to the next the chain grows by so many blocks. */
const growth = 5
const deepest = 3

/**
 * Clients that poll while the chain goes on and reorganises. Of four nodes the third is three blocks
 * behind, and the last one stands still and jumps.
 */
export async function poll(
  t: TestContext,
  { cluster, payer }: ReadsStack,
  url: string,
  { name, clients, answers, kinds, batch, reorgs: leastReorgs, heads: leastHeads }: PollOptions,
): Promise<Polled> {
  const [, , late, jumpy] = cluster.nodes.map(({ id }) => id)
  if (late === undefined || jumpy === undefined) throw new RangeError('four nodes are needed')
  const { chainId } = cluster
  const account = accountOf(name)
  const begun = cluster.heads.length
  // No reorganisation reaches below the first head that is watched.
  for (let i = 0; i < growth; i += 1) await cluster.seal([await payer.pay(account)])
  await cluster.trail(late, deepest)
  await reached(url, cluster.heads.at(-1)?.number ?? 0)
  const pollers = await Promise.all(
    Array.from({ length: clients }, (_, i) =>
      openPoller(i, { url, chainId, kinds, account, batch }),
    ),
  )
  t.after(() => Promise.all(pollers.map((poller) => poller.close())))

  let reorgs = 0
  let isOver = false
  const lead = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const raws = [await payer.pay(account)]
      if (leastReorgs > 0 && turn % growth === growth - 1) {
        await cluster.reorg(1 + (reorgs % deepest), raws)
        reorgs += 1
      } else await cluster.seal(raws)
      if (turn % 4 === 3) {
        await cluster.trail(jumpy, 0)
        cluster.hold(jumpy)
      }
    }
  }
  // Batches bring most of them; the others shall not be left out.
  const least = Math.ceil(answers / clients / 8)
  let count = 0
  const hasMoved = (): boolean =>
    reorgs >= leastReorgs && cluster.heads.length - begun >= leastHeads
  const seen: Shown[][] = pollers.map(() => [])
  const asking = Promise.all(
    pollers.map(async (poller, i) => {
      const shown = seen[i] ?? []
      while (!isOver && (count < answers || shown.length < least || !hasMoved())) {
        const more = await poller.ask(atOnce)
        shown.push(...more)
        count += more.length
      }
    }),
  ).finally(() => {
    isOver = true
  })
  const leading = lead().finally(() => {
    isOver = true
  })
  await Promise.all([asking, leading])
  await cluster.trail(late, 0)
  await cluster.trail(jumpy, 0)
  // A reorganisation may leave the block before the first transaction alone, never go below it.
  const heads = cluster.heads.slice(begun - 1)
  const wrongs = new Timeline(heads).wrongs(seen)
  return { answers: count, heads: heads.length, reorgs, wrongs }
}

/** The proxy, which has just begun, shows the head: which nodes it first knows of is not what is judged. */
async function reached(url: string, head: number): Promise<void> {
  const rpc = new NodeRpc(url, 10_000)
  try {
    while (quantity(await rpc.call('eth_blockNumber')) < head) await pause(20)
  } finally {
    await rpc.close()
  }
}
