import type { TestContext } from 'node:test'
import { Wallet } from 'ethers'
import { InFlight } from '../../balance/in-flight.ts'
import { systemClock } from '../../clock.ts'
import { StubNode } from '../../test/stub-node.ts'
import { Fleet } from '../../upstream/fleet.ts'
import { Upstream } from '../../upstream/upstream.ts'
import { Journal } from '../journal.ts'
import { parseTransaction } from '../transaction.ts'

export const wallet = new Wallet(`0x${'11'.repeat(32)}`)
export const sendMethod = 'eth_sendRawTransaction'

/** Nodes that accept every transaction and hold none, with their upstreams and an empty journal. */
export async function stubFleet(t: TestContext, count: number) {
  const nodes = Array.from({ length: count }, (_, i) => new StubNode(`node-${i}`))
  for (const node of nodes) {
    node.on(sendMethod, ({ params }) => ({ result: parseTransaction(bytesOf(params))?.hash }))
    node.on('eth_getTransactionByHash', () => ({ result: null }))
    await node.start()
  }
  const upstreams = nodes.map(({ name, url }) => {
    const options = {
      id: name,
      url: new URL(url),
      cores: null,
      connections: 4,
      maxAnswerBytes: 4096,
    }
    return new Upstream(options, new InFlight(), systemClock)
  })
  for (const upstream of upstreams) {
    upstream.health = 'up'
    upstream.head = 16
  }
  const fleet = new Fleet(upstreams, { maxLagBlocks: 2, chainId: null })
  fleet.refresh()
  t.after(async () => {
    await fleet.close()
    for (const node of nodes) await node.stop()
  })
  const journal = new Journal(null, [], (error) => {
    throw error
  })
  return { nodes, upstreams, fleet, journal }
}

/** A transaction as a client would send it. */
export async function signed(by: Wallet, nonce: number) {
  const form = {
    type: 2,
    chainId: 31_337n,
    gasLimit: 21_000n,
    maxFeePerGas: 3n,
    to: wallet.address,
  }
  const raw = Buffer.from((await by.signTransaction({ ...form, nonce })).slice(2), 'hex')
  const transaction = parseTransaction(raw)
  if (transaction === null) throw new Error('no transaction')
  return { transaction, raw }
}

/** What the journal is told when `node-0` accepts {@link signed}. */
export async function accepted(nonce: number, by = wallet) {
  const { transaction, raw } = await signed(by, nonce)
  const { hash, to } = transaction
  const sender = by.address.toLowerCase()
  return { hash, sender, nonce: BigInt(nonce), to, raw, acceptedMs: 0, node: 'node-0' }
}

/** The bytes in the params of a send. */
export function bytesOf(params: unknown): Buffer {
  return Buffer.from(String(params).slice(2), 'hex')
}
