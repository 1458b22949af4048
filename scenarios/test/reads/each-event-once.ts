import type { TestContext } from 'node:test'
import { field } from '../../fleets/node-rpc.ts'
import { type Ask, ethersWay, httpWay, SocketWay } from './clients.ts'
import type { ChainBlock } from './cluster.ts'
import { deployEmitters, emit } from './emitter.ts'
import {
  criteriaOf,
  dueOf,
  FilterClient,
  flawOf,
  isWanted,
  parseLog,
  type Told,
} from './listeners.ts'
import type { ReadsStack } from './stack.ts'

export type ListenOptions = {
  /** Log filters, and as many log subscriptions. */
  readonly each: number
  /** Of all, those that a reorganisation takes back and brings again not counted twice. */
  readonly events: number
  /** Whether two nodes die and one is stopped; the chain is reorganised in any case. */
  readonly hasFaults: boolean
}

/** What clients were told, and what is wrong with it. */
export type Listened = {
  readonly clients: number
  readonly told: number
  readonly removed: number
  readonly blocks: number
  readonly wrongs: readonly string[]
}

const eventsOfBlock = 20
const sockets = 20
const depth = 2

/** What happens when so much of all is over, in parts of it. */
const times = {
  firstDeath: 0.15,
  firstBirth: 0.3,
  stop: 0.4,
  go: 0.5,
  reorg: 0.6,
  secondDeath: 0.8,
}

/** Filters and subscriptions while events are made, nodes die and one stops, and blocks are orphaned. */
export async function listen(
  t: TestContext,
  stack: ReadsStack,
  url: string,
  { each, events, hasFaults }: ListenOptions,
): Promise<Listened> {
  const { cluster } = stack
  const [first = '', second = '', third = ''] = cluster.nodes.map(({ id }) => id)
  const emitters = await deployEmitters(stack)
  // What is orphaned later on is above this.
  for (let i = 0; i < depth; i += 1) await cluster.seal([])
  const begun = cluster.heads.length - 1

  const open = await Promise.all(Array.from({ length: sockets }, () => SocketWay.open(url)))
  const others = Array.from({ length: sockets }, (_, i) =>
    i % 2 === 0 ? httpWay(url) : ethersWay(url, cluster.chainId),
  )
  t.after(() => Promise.all([...open, ...others].map((way) => way.close())))
  const [watcher] = open
  if (watcher === undefined) throw new RangeError('no sockets')
  const heads = await watcher.subscribe('newHeads')
  const subscribed: (readonly unknown[])[] = []
  const filters: FilterClient[] = []
  for (let i = 0; i < each; i += 1) {
    const socket = open[i % sockets] ?? watcher
    subscribed.push(await socket.subscribe('logs', criteriaOf(i, emitters)))
    const ask: Ask = (i % 2 === 0 ? socket : (others[i % sockets] ?? socket)).ask
    filters.push(await FilterClient.make(ask, criteriaOf(i, emitters)))
  }

  const logsOf = new Map<string, readonly Told[]>()
  const served = (head: ChainBlock): Promise<void> =>
    watcher.until(() => field(heads.at(-1), 'hash') === head.hash)
  const blocks = Math.ceil(events / eventsOfBlock)
  const happens = (part: number, i: number): boolean => i === Math.floor(part * blocks)
  for (let i = 0; i < blocks; i += 1) {
    const raw = await emit(stack, emitters[i % emitters.length] ?? '', eventsOfBlock)
    // What was never served cannot be taken back.
    if (happens(times.reorg, i)) await served(cluster.heads.at(-1) ?? never())
    const head = await (happens(times.reorg, i) ? cluster.reorg(depth, [raw]) : cluster.seal([raw]))
    // Right behind the head that they told of: what it holds must come from the others.
    if (hasFaults && happens(times.firstDeath, i)) await cluster.kill(first)
    if (hasFaults && happens(times.stop, i)) cluster.freeze(second)
    if (hasFaults && happens(times.secondDeath, i)) await cluster.kill(third)
    for (const block of cluster.heads.slice(begun)) {
      if (logsOf.has(block.hash)) continue
      logsOf.set(block.hash, (await cluster.logs(block)).map(parseLog))
    }
    if (hasFaults && happens(times.firstBirth, i)) await cluster.restart(first)
    if (hasFaults && happens(times.go, i)) await cluster.thaw(second)
    if (i % 10 !== 9) await served(head)
    if (i % 5 === 4) await Promise.all(filters.map((filter) => filter.poll()))
  }
  await served(cluster.heads.at(-1) ?? never())
  await Promise.all(filters.map((filter) => filter.poll()))
  // Behind this answer nothing of the last block is on its way any more.
  await Promise.all(open.map(({ ask }) => ask('eth_chainId', [])))
  if (hasFaults) await cluster.restart(third)

  const due = dueOf(cluster.heads.slice(begun), logsOf)
  const own = (i: number): readonly Told[] => due.filter((log) => isWanted(log, i, emitters))
  const wrongs = [
    ...subscribed.map((told, i) => flawOf(`subscription ${i}`, told, own(i))),
    ...filters.map(({ told }, i) => flawOf(`filter ${i}`, told, own(i))),
  ].filter((flaw) => flaw !== null)
  const all = [...subscribed, ...filters.map(({ told }) => told)].flat()
  const removed = all.filter((log) => field(log, 'removed') === true).length
  return { clients: 2 * each, told: all.length, removed, blocks, wrongs }
}

function never(): never {
  throw new RangeError('a cluster without a head')
}
