import type { Clock } from '../clock.ts'
import type { Reply } from '../rpc/reply.ts'
import { type Block, blockOf } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { HeaderShape } from './header.ts'
import { type Log, parseLogs } from './log.ts'
import { askNode } from './node-question.ts'

/** One question to one node may take so long. */
const timeoutMs = 5_000

/** A node that has not answered by then is not waited for alone. */
const hedgeMs = 250

/** Headers and logs kept for clients that come later and for blocks that are orphaned. */
const maxKept = 256
const maxKeptBytes = 33_554_432

/** Who of the fleet has a block, as far as is known. */
export type Holders = { mayHold(upstream: Upstream, hash: string): boolean }

/**
 * Reads what clients are told of a block, by its hash, from whichever node has it: each thing once,
 * however many clients there are.
 */
export class BlockReader {
  readonly #fleet: Fleet
  readonly #holders: Holders
  readonly #clock: Clock
  readonly #shape = new HeaderShape()
  readonly #headers = new Kept<Buffer>((header) => header.length)
  readonly #logs = new Kept<readonly Log[]>((logs) =>
    logs.reduce((sum, { bytes }) => sum + bytes.length, 64),
  )

  constructor(fleet: Fleet, holders: Holders, clock: Clock) {
    this.#fleet = fleet
    this.#holders = holders
    this.#clock = clock
  }

  /** A node told of this block: what it wrote is what clients are told. */
  heard({ hash }: Block, header: Buffer): void {
    if (this.#headers.has(hash)) return
    this.#shape.learn(header)
    this.#headers.put(hash, Buffer.from(header))
  }

  /** The header as `newHeads` tells it, or null where no node gives it now. */
  async header(block: Block): Promise<Buffer | null> {
    const known = this.#headers.get(block.hash)
    if (known !== undefined) return known
    const header = await this.#first(
      block,
      'eth_getBlockByHash',
      `["${block.hash}",false]`,
      (reply) => (blockIn(reply)?.hash === block.hash ? this.#shape.headerOf(reply) : null),
    )
    if (header !== null) this.#headers.put(block.hash, header)
    return header
  }

  /** All logs of the block in their order, or null where no node gives them now. */
  async logs(block: Block): Promise<readonly Log[] | null> {
    const known = this.#logs.get(block.hash)
    if (known !== undefined) return known
    const params = `[{"blockHash":"${block.hash}"}]`
    const logs = await this.#first(block, 'eth_getLogs', params, (reply) =>
      parseLogs(reply, block.hash),
    )
    if (logs !== null) this.#logs.put(block.hash, logs)
    return logs
  }

  /** Where a block stands, or null where no node has it. */
  async find(hash: string): Promise<Block | null> {
    return await this.#first(null, 'eth_getBlockByHash', `["${hash}",false]`, (reply) => {
      const block = blockIn(reply)
      return block?.hash === hash ? block : null
    })
  }

  /** The first answer that is one. Nodes are asked in turn, the next as soon as one is slow. */
  #first<T>(
    block: Block | null,
    method: string,
    params: string,
    read: (reply: Reply) => T | null,
  ): Promise<T | null> {
    const { promise, resolve } = Promise.withResolvers<T | null>()
    const among = this.#among(block)
    const deadlineMs = this.#clock.nowMs() + timeoutMs
    let asked = 0
    let waiting = 0
    let hedge: NodeJS.Timeout | undefined
    const end = (found: T | null): void => {
      clearTimeout(hedge)
      asked = among.length
      resolve(found)
    }
    const askNext = (): void => {
      clearTimeout(hedge)
      const upstream = among[asked]
      if (upstream === undefined) {
        if (waiting === 0) end(null)
        return
      }
      asked += 1
      waiting += 1
      hedge = setTimeout(askNext, hedgeMs).unref()
      void askNode(upstream, method, params, deadlineMs)
        .then((reply) => (reply === null ? null : read(reply)))
        // An answer that cannot be read is none.
        .catch(() => null)
        .then((found) => {
          waiting -= 1
          if (found !== null) end(found)
          else askNext()
        })
    }
    askNext()
    return promise
  }

  /** Who has the block first, spread over them by its height; then whoever is up. */
  #among(block: Block | null): readonly Upstream[] {
    const { readers } = this.#fleet.view
    const up = this.#fleet.upstreams.filter(({ health }) => health === 'up')
    if (block === null) return [...new Set([...readers, ...up])]
    const holders = readers.filter(
      (upstream) =>
        (upstream.head ?? 0) >= block.number && this.#holders.mayHold(upstream, block.hash),
    )
    const turn = holders.length === 0 ? 0 : block.number % holders.length
    return [...new Set([...holders.slice(turn), ...holders.slice(0, turn), ...up])]
  }
}

function blockIn({ kind, body, start, end }: Reply): Block | null {
  if (kind !== 'result') return null
  const value: unknown = JSON.parse(body.toString('utf8', start, end))
  return blockOf(value)
}

/** What was read last, by the block's hash; bounded in number and bytes. */
class Kept<T> {
  readonly #sizeOf: (value: T) => number
  readonly #values = new Map<string, T>()
  #bytes = 0

  constructor(sizeOf: (value: T) => number) {
    this.#sizeOf = sizeOf
  }

  has(hash: string): boolean {
    return this.#values.has(hash)
  }

  get(hash: string): T | undefined {
    return this.#values.get(hash)
  }

  put(hash: string, value: T): void {
    if (this.#values.has(hash)) return
    this.#values.set(hash, value)
    this.#bytes += this.#sizeOf(value)
    for (const [oldest, old] of this.#values) {
      if (this.#values.size <= maxKept && this.#bytes <= maxKeptBytes) break
      this.#values.delete(oldest)
      this.#bytes -= this.#sizeOf(old)
    }
  }
}
