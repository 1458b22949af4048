import type { TestContext } from 'node:test'
import { hex, quantity, text } from '../../fleets/block.ts'
import { field } from '../../fleets/node-rpc.ts'
import { randomStream } from '../../load/random.ts'
import { ethersWay, httpWay, SocketWay, type Way } from './clients.ts'
import { deployEmitters, emit } from './emitter.ts'
import type { ReadsStack } from './stack.ts'

/** What was asked and came back. */
type Answered = {
  readonly from: number
  readonly to: number
  /** The highest block that some node had when it was asked. */
  readonly top: number
  /** Block and place in it of each log that came; null where an error came. */
  readonly logs: readonly string[] | null
  readonly message: string | null
}

/** What clients saw, and what is wrong with it. */
export type Ranged = {
  readonly answers: number
  /** Answers with logs, and refusals. */
  readonly whole: number
  readonly refused: number
  readonly heads: number
  readonly wrongs: readonly string[]
}

/** For a proxy that shall be caught: health checks would take those far behind out of the choice. */
export const anyLag = 'health: { max-lag: 1000 }'

/** It is asked until the chain has moved so far that nodes fall behind, however fast answers come. */
const leastHeads = 21
const eventsOfBlock = 3
/** On a machine so busy that no node answers its health check in time: clear, and not incomplete. */
const noNode = 'service unavailable'
const beyondHead = 'block range extends beyond current head block'

/**
 * Clients that ask for logs of ranges up to two blocks above all heads, while these move. Of the
 * nodes the last but one is three blocks behind, and the last one stands still and jumps.
 */
export async function askRanges(
  t: TestContext,
  stack: ReadsStack,
  url: string,
  answers: number,
): Promise<Ranged> {
  const { cluster } = stack
  const [late = '', jumpy = ''] = cluster.nodes.map(({ id }) => id).slice(-2)
  const [emitter = ''] = await deployEmitters(stack)
  const first = (await seal()).number
  await cluster.trail(late, 3)
  const clients = 20
  const ways = await Promise.all(
    Array.from({ length: clients }, (_, i): Way | Promise<Way> => {
      if (i % 3 === 0) return httpWay(url)
      return i % 3 === 1 ? SocketWay.open(url) : ethersWay(url, cluster.chainId)
    }),
  )
  t.after(() => Promise.all(ways.map((way) => way.close())))

  async function seal() {
    return await cluster.seal([await emit(stack, emitter, eventsOfBlock)])
  }

  let isOver = false
  const lead = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      await seal()
      if (turn % 4 !== 3) continue
      await cluster.trail(jumpy, 0)
      cluster.hold(jumpy)
    }
  }
  const random = randomStream(11, 'ranges')
  const tip = (): number => cluster.heads.at(-1)?.number ?? 0
  const ask = async ({ ask }: Way, count: number): Promise<readonly Answered[]> => {
    const seen: Answered[] = []
    while (!isOver && (seen.length < count || tip() - first < leastHeads)) {
      const top = tip()
      const to = Math.max(first, top + 2 - Math.floor(random() * 8))
      const from = Math.max(first, to - Math.floor(random() * 6))
      const range = { address: emitter, fromBlock: hex(from), toBlock: hex(to) }
      const asked = { from, to, top }
      try {
        const result = await ask('eth_getLogs', [range])
        const logs = Array.isArray(result) ? result.map(placeOf) : ['no list']
        seen.push({ ...asked, logs, message: null })
      } catch (error) {
        seen.push({ ...asked, logs: null, message: error instanceof Error ? error.message : '' })
      }
    }
    return seen
  }
  const end = (): void => {
    isOver = true
  }
  const each = Math.ceil(answers / clients)
  const asking = Promise.all(ways.map((way) => ask(way, each))).finally(end)
  const [seen] = await Promise.all([asking, lead().finally(end)])
  await cluster.trail(late, 0)
  await cluster.trail(jumpy, 0)
  // On a busy machine a block may be made before the pool has what was sent: then the next one holds it.
  const full = cluster.heads.filter(({ transactions }) => transactions > 0)
  const hashes = new Map(full.map(({ number, hash }) => [number, hash]))
  const all = seen.flat()
  const whole = all.filter(({ logs }) => logs !== null).length
  return {
    ...{ answers: all.length, whole, refused: all.length - whole },
    heads: tip() - first,
    wrongs: all.flatMap((answered) => flawOf(answered, hashes)),
  }
}

/** The checker: what is wrong with one answer, given the hash of each block that has logs. */
function flawOf(answered: Answered, hashes: ReadonlyMap<number, string>): readonly string[] {
  const { from, to, top, logs, message } = answered
  const name = `${from} to ${to} below ${top}`
  if (logs === null) {
    const isRight = message === noNode || (message === beyondHead && to > top)
    return isRight ? [] : [`${name}: ${message}`]
  }
  const due: string[] = []
  for (let number = from; number <= to; number += 1) {
    const hash = hashes.get(number)
    for (let i = 0; hash !== undefined && i < eventsOfBlock; i += 1) {
      due.push(`${number} ${hash} ${i}`)
    }
  }
  const isWhole = due.length === logs.length && due.every((place, i) => place === logs[i])
  return isWhole ? [] : [`${name}: ${logs.length} logs of ${due.length}`]
}

function placeOf(log: unknown): string {
  const number = quantity(field(log, 'blockNumber'))
  return `${number} ${text(field(log, 'blockHash'))} ${quantity(field(log, 'logIndex'))}`
}
