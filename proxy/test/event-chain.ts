/** A block as a node shows it, whole but for its transactions, with its logs. */
export type EventBlock = {
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  readonly logs: readonly EventLog[]
}

/** A log as Geth writes one. */
export type EventLog = {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly blockNumber: string
  readonly transactionHash: string
  readonly transactionIndex: string
  readonly blockHash: string
  readonly blockTimestamp: string
  readonly logIndex: string
  readonly removed: boolean
}

/** What clients may ask for: one of few contracts, one of few kinds of event, or any. */
export const addresses = Array.from({ length: 5 }, (_, i) => `0x${String(i + 1).repeat(40)}`)
export const topics = Array.from({ length: 4 }, (_, i) => `0x${String(i + 1).padStart(64, '0')}`)

/** The blocks of all branches, and what one Geth that goes through them tells of their logs. */
export class EventChain {
  readonly #blocks = new Map<string, EventBlock>()
  /** In the order in which one Geth tells them, `removed` ones included. */
  readonly told: EventLog[] = []
  /** Heads in the order in which one Geth that rewinds shows them. */
  readonly heads: EventBlock[] = []
  #head: EventBlock

  constructor() {
    this.#head = this.#block(0, `0x${'0'.repeat(64)}`, 0)
  }

  get head(): EventBlock {
    return this.#head
  }

  byHash(hash: unknown): EventBlock | null {
    return this.#blocks.get(String(hash)) ?? null
  }

  /** One more block with so many logs. */
  extend(logs: number): EventBlock {
    return this.#add(this.#block(this.#head.number + 1, this.#head.hash, logs))
  }

  /** Takes `depth` blocks back, and puts one more in their place. */
  reorganise(depth: number, logs: number): EventBlock {
    const removed: EventBlock[] = []
    let ancestor = this.#head
    for (let i = 0; i < depth; i += 1) {
      removed.unshift(ancestor)
      ancestor = this.#parentOf(ancestor)
    }
    for (const block of removed) {
      this.told.push(...block.logs.map((log) => ({ ...log, removed: true })))
    }
    this.#head = ancestor
    for (let i = 0; i <= depth; i += 1) this.extend(logs)
    return this.#head
  }

  /** The block at a height of the chain below `head`, or null. */
  below(head: EventBlock, height: number): EventBlock | null {
    if (height > head.number || height < 0) return null
    let block = head
    while (block.number > height) block = this.#parentOf(block)
    return block
  }

  #parentOf({ parentHash }: EventBlock): EventBlock {
    const parent = this.#blocks.get(parentHash)
    if (parent === undefined) throw new RangeError('below genesis')
    return parent
  }

  #add(block: EventBlock): EventBlock {
    this.#head = block
    this.heads.push(block)
    this.told.push(...block.logs)
    return block
  }

  #block(number: number, parentHash: string, count: number): EventBlock {
    const serial = this.#blocks.size + 1
    const hash = `0x${serial.toString(16).padStart(64, 'b')}`
    const logs = Array.from({ length: count }, (_, i): EventLog => {
      const kinds = topics[(serial + i) % topics.length] ?? ''
      return {
        address: addresses[(serial * 7 + i) % addresses.length] ?? '',
        topics: i % 7 === 0 ? [] : i % 3 === 0 ? [kinds] : [kinds, topics[i % topics.length] ?? ''],
        data: '0x',
        blockNumber: quantity(number),
        transactionHash: `0x${(serial * 1_000 + i).toString(16).padStart(64, 'c')}`,
        transactionIndex: quantity(i),
        blockHash: hash,
        blockTimestamp: quantity(1_700_000_000 + number),
        logIndex: quantity(i),
        removed: false,
      }
    })
    const block = { number, hash, parentHash, logs }
    this.#blocks.set(hash, block)
    return block
  }
}

/** The header as `newHeads` of Geth tells it. */
export function headerOf({ number, hash, parentHash }: EventBlock): string {
  const zero = `"0x${'0'.repeat(64)}"`
  const fork = ',"blobGasUsed":null,"excessBlobGas":null,"parentBeaconBlockRoot":null'
  const later = ',"requestsHash":null,"blockAccessListHash":null,"slotNumber":null'
  return (
    `{"parentHash":"${parentHash}","sha3Uncles":${zero},"miner":"0x${'0'.repeat(40)}",` +
    `"stateRoot":${zero},"transactionsRoot":${zero},"receiptsRoot":${zero},"logsBloom":"0x",` +
    `"difficulty":"0x0","number":"${quantity(number)}","gasLimit":"0x1c9c380","gasUsed":"0x0",` +
    `"timestamp":"${quantity(1_700_000_000 + number)}","extraData":"0x","mixHash":${zero},` +
    `"nonce":"0x0000000000000000","baseFeePerGas":"0x7","withdrawalsRoot":null${fork}${later},` +
    `"hash":"${hash}"}`
  )
}

/** The block as `eth_getBlockByHash` of Geth shows it: its keys sorted, nothing that is null. */
export function blockJson(block: EventBlock): string {
  const header: Record<string, unknown> = JSON.parse(headerOf(block))
  const members = Object.entries({ ...header, size: '0x220', transactions: [], uncles: [] })
  return JSON.stringify(
    Object.fromEntries(
      members.filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  )
}

export function quantity(number: number): string {
  return `0x${number.toString(16)}`
}
