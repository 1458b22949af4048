import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { hex, quantity, text } from '../block.ts'
import { field, NodeRpc } from '../node-rpc.ts'
import { engineToken } from './jwt.ts'

/** A block as all that is needed to talk about it. */
export type Head = { readonly number: number; readonly hash: string; readonly timestampS: number }

/** What a consensus client tells of the chain, hashes; 32 zero bytes for what is not set. */
export type Forkchoice = {
  readonly headBlockHash: string
  readonly safeBlockHash: string
  readonly finalizedBlockHash: string
}

/** A block that was built: what other nodes need to make it theirs. */
export type Payload = Head & {
  readonly parentHash: string
  /** The arguments of `engine_newPayloadV4`. */
  readonly delivery: readonly [unknown, readonly string[], string, unknown]
}

/** What a node makes of a block or of a head: `SYNCING` and `ACCEPTED` mean that it lacks a parent. */
export type PayloadStatus = 'VALID' | 'INVALID' | 'SYNCING' | 'ACCEPTED'

/** Beyond it a node is frozen, or under a quota that a block does not fit into. */
const timeoutMs = 5_000
/**
 * Payloads are filled in the background: at 0 ms 800 pending transactions gave an empty block, under a
 * quota of 0.15 cores 600 did at 30 ms, for ever. A Geth of these fleets gives up filling after 200 ms
 * (`--miner.recommit`) and takes what it has then.
 */
const [leastFillMs, mostFillMs] = [30, 1_920]
/** A node that fills faster again is found out slowly: one that is asked too early builds twice. */
const fillDecay = 0.9
const feeRecipient = `0x${'fe'.repeat(20)}`
/** A transaction's blob is named by its commitment's SHA-256 with this in place of the first byte. */
const blobVersion = '01'

/** The port of one Geth on which a consensus client talks to it (Osaka's methods: V3, V5, V4). */
export class Engine {
  readonly #rpc: NodeRpc
  /** How long it is left to fill a block. */
  #fillMs = leastFillMs

  /** @param secret the 32 bytes that node and client share */
  constructor(url: string, secret: Buffer) {
    const bearer = () => `Bearer ${engineToken(secret, Math.floor(Date.now() / 1000))}`
    this.#rpc = new NodeRpc(url, timeoutMs, () => ({ authorization: bearer() }))
  }

  async head(): Promise<Head> {
    return parseHead(await this.#rpc.call('eth_getBlockByNumber', 'latest', false))
  }

  /** Blocks of the node's own chain from `first` to `last`, numbers. */
  async blocks(first: number, last: number): Promise<readonly Head[]> {
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    const found = await this.#rpc.batch(
      numbers.map((number) => ['eth_getBlockByNumber', hex(number), false] as const),
    )
    return found.map(parseHead)
  }

  /** Makes a known block the head; `SYNCING` when it is not known. */
  async setHead(forkchoice: Forkchoice): Promise<PayloadStatus> {
    const answer = await this.#rpc.call('engine_forkchoiceUpdatedV3', forkchoice, null)
    return statusOf(field(answer, 'payloadStatus'))
  }

  /** Gives it a block. It is not its head yet. */
  async deliver(payload: Payload): Promise<PayloadStatus> {
    return statusOf(await this.#rpc.call('engine_newPayloadV4', ...payload.delivery))
  }

  /**
   * Has it build a block of what its pool holds upon the head, which becomes its own head. The block
   * itself does not: it is to be delivered to it like to all others. A node that needs longer to fill
   * it than it was left builds it again, so that transactions do not wait for a faster one.
   * @param timestampS above the head's
   * @param salt anything; two blocks upon the same head differ by it
   */
  async build(forkchoice: Forkchoice, timestampS: number, salt: string): Promise<Payload> {
    for (let attempt = 0; ; attempt += 1) {
      const random = `0x${sha256(`${salt}/${attempt}`)}`
      const { payload, transactions } = await this.#assemble(forkchoice, timestampS, random)
      const mayHaveMore = transactions === 0 && this.#fillMs < mostFillMs
      if (!(mayHaveMore && (await this.#hasPending()))) {
        this.#fillMs = Math.max(leastFillMs, this.#fillMs * fillDecay)
        return payload
      }
      this.#fillMs = Math.min(mostFillMs, this.#fillMs * 4)
    }
  }

  async close(): Promise<void> {
    await this.#rpc.close()
  }

  /** @param random 32 bytes in hexadecimal: one block for each upon one head */
  async #assemble(
    forkchoice: Forkchoice,
    timestampS: number,
    random: string,
  ): Promise<{ readonly payload: Payload; readonly transactions: number }> {
    const started = await this.#rpc.call('engine_forkchoiceUpdatedV3', forkchoice, {
      timestamp: hex(timestampS),
      prevRandao: random,
      suggestedFeeRecipient: feeRecipient,
      withdrawals: [],
      parentBeaconBlockRoot: random,
    })
    const id = field(started, 'payloadId')
    if (typeof id !== 'string') {
      throw new Error(`no block is built: ${JSON.stringify(field(started, 'payloadStatus'))}`)
    }
    await pause(this.#fillMs)
    const built = await this.#rpc.call('engine_getPayloadV5', id)
    const payload = field(built, 'executionPayload')
    const transactions = field(payload, 'transactions')
    const commitments = field(field(built, 'blobsBundle'), 'commitments')
    const blobs = Array.isArray(commitments) ? commitments.map(blobHash) : []
    return {
      payload: {
        number: quantity(field(payload, 'blockNumber')),
        hash: text(field(payload, 'blockHash')),
        timestampS,
        parentHash: text(field(payload, 'parentHash')),
        delivery: [payload, blobs, random, field(built, 'executionRequests')],
      },
      transactions: Array.isArray(transactions) ? transactions.length : 0,
    }
  }

  /** Whether it would put a transaction into a block. It fills one to say so. */
  async #hasPending(): Promise<boolean> {
    return quantity(await this.#rpc.call('eth_getBlockTransactionCountByNumber', 'pending')) > 0
  }
}

const statuses: readonly string[] = ['VALID', 'INVALID', 'SYNCING', 'ACCEPTED']

function statusOf(value: unknown): PayloadStatus {
  const status = field(value, 'status')
  if (typeof status !== 'string' || !statuses.includes(status)) {
    throw new TypeError(`a node gave ${JSON.stringify(value)}, not a payload's status`)
  }
  return status as PayloadStatus
}

function parseHead(value: unknown): Head {
  return {
    number: quantity(field(value, 'number')),
    hash: text(field(value, 'hash')),
    timestampS: quantity(field(value, 'timestamp')),
  }
}

function blobHash(commitment: unknown): string {
  const bytes = Buffer.from(text(commitment).slice(2), 'hex')
  return `0x${blobVersion}${sha256(bytes).slice(2)}`
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
