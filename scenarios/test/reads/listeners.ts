import { quantity, text } from '../../fleets/block.ts'
import { field } from '../../fleets/node-rpc.ts'
import type { Ask } from './clients.ts'
import { type ChainBlock, meeting, pathTo } from './cluster.ts'
import { topics } from './emitter.ts'

/** An event as it is told: all of it that a client goes by. */
export type Told = {
  readonly blockHash: string
  readonly logIndex: number
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly removed: boolean
}

/** @throws TypeError for what is no log */
export function parseLog(value: unknown): Told {
  const own = field(value, 'topics')
  return {
    blockHash: text(field(value, 'blockHash')),
    logIndex: quantity(field(value, 'logIndex')),
    address: text(field(value, 'address')).toLowerCase(),
    topics: Array.isArray(own) ? own.map(text) : [],
    data: text(field(value, 'data')),
    removed: field(value, 'removed') === true,
  }
}

/** A log filter and what it was told so far. */
export class FilterClient {
  readonly told: unknown[] = []
  readonly #id: unknown
  readonly #ask: Ask

  private constructor(id: unknown, ask: Ask) {
    this.#id = id
    this.#ask = ask
  }

  static async make(ask: Ask, criteria: unknown): Promise<FilterClient> {
    return new FilterClient(await ask('eth_newFilter', [criteria]), ask)
  }

  async poll(): Promise<void> {
    const changes = await this.#ask('eth_getFilterChanges', [this.#id])
    if (!Array.isArray(changes)) throw new TypeError(`no list: ${JSON.stringify(changes)}`)
    this.told.push(...changes)
  }
}

/** What client `i` asks for. */
export function criteriaOf(i: number, emitters: readonly string[]) {
  const address = emitters[i % emitters.length]
  const topic = topics[i % topics.length]
  switch (i % 6) {
    case 0:
      return { address: emitters }
    case 1:
      return { address }
    case 2:
      return { address: emitters, topics: [topic] }
    case 3:
      return { address, topics: [[topic, topics[0]]] }
    case 4:
      return { address: emitters, topics: [null, topic] }
    default:
      return { address: emitters, topics: [null, null] }
  }
}

/** The same as {@link criteriaOf}, said a second time in another way. */
export function isWanted(log: Told, i: number, emitters: readonly string[]): boolean {
  const isOwn = log.address === emitters[i % emitters.length]
  const topic = topics[i % topics.length]
  const [first, second] = log.topics
  switch (i % 6) {
    case 1:
      return isOwn
    case 2:
      return first === topic
    case 3:
      return isOwn && (first === topic || first === topics[0])
    case 4:
      return second === topic
    default:
      return true
  }
}

/**
 * What one Geth tells while its head goes from one of `heads` to the next: of what it leaves first,
 * lowest block first, then of what is new.
 * @param logsOf of each block, by its hash
 */
export function dueOf(
  heads: readonly ChainBlock[],
  logsOf: ReadonlyMap<string, readonly Told[]>,
): readonly Told[] {
  const told = (blocks: readonly ChainBlock[], removed: boolean) =>
    blocks.flatMap(({ hash }) => (logsOf.get(hash) ?? []).map((log) => ({ ...log, removed })))
  return heads.slice(1).flatMap((head, i) => {
    const before = heads[i] ?? head
    const stays = meeting(before, head)
    return [...told(pathTo(stays, before), true), ...told(pathTo(stays, head), false)]
  })
}

/** The checker: what is wrong with what a client was told, from where on; null where nothing is. */
export function flawOf(
  name: string,
  told: readonly unknown[],
  due: readonly Told[],
): string | null {
  const seen = told.map((log) => JSON.stringify(parseLog(log)))
  const at = due.findIndex((log, i) => JSON.stringify(log) !== seen[i])
  if (at < 0 && seen.length === due.length) return null
  const place = at < 0 ? due.length : at
  const is = seen[place] ?? 'nothing'
  return `${name}: ${seen.length} of ${due.length} events, ${is} in place ${place}`
}
