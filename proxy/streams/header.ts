import { code, skipSpace } from '../rpc/json.ts'
import { eachMember, type Reply } from '../rpc/reply.ts'

/**
 * The members of a header in the order in which Geth writes them (go-ethereum/core/types/
 * gen_header_json.go, v1.17.5). Those that a fork added are null in blocks before it.
 */
const gethMembers = [
  'parentHash',
  'sha3Uncles',
  'miner',
  'stateRoot',
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'extraData',
  'mixHash',
  'nonce',
  'baseFeePerGas',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
  'blockAccessListHash',
  'slotNumber',
  'hash',
] as const

/**
 * Makes of a block's JSON the header that `newHeads` tells of it: the same bytes for each value, in
 * the order and with the members that the nodes of this fleet write.
 */
export class HeaderShape {
  #members: readonly string[] = gethMembers

  /** Takes the shape of a header that a node told. */
  learn(header: Buffer): void {
    const members: string[] = []
    if (eachMember(header, 0, header.length, (key) => members.push(key))) this.#members = members
  }

  /** The header, or null where the reply holds no block. */
  headerOf({ kind, body, start, end }: Reply): Buffer | null {
    const at = skipSpace(body, start, end)
    if (kind !== 'result' || body[at] !== code.openObject) return null
    const values = new Map<string, string>()
    const isWhole = eachMember(body, at, end, (key, from, to) => {
      if (this.#members.includes(key)) values.set(key, body.toString('utf8', from, to))
    })
    if (!isWhole || !values.has('hash')) return null
    const members = this.#members.map(
      (key) => `${JSON.stringify(key)}:${values.get(key) ?? 'null'}`,
    )
    return Buffer.from(`{${members.join()}}`)
  }
}
