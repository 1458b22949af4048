import { type Random, randomStream } from '../../load/random.ts'
import type { Call, Settled } from '../../load/transport.ts'
import type { Audit, Script, ScriptContext } from '../script.ts'
import { pick } from '../workload.ts'
import { DeployedContract } from './contract.ts'
import { WriteLedger } from './ledger.ts'
import type { Model } from './model.ts'
import type { Dapp, DappRow, Plan, Step } from './plan.ts'
import { awaitReceipts, inChainOrder, sendAll } from './receipts.ts'
import { Senders, type Signed } from './senders.ts'

/** A write sent so long ago is known to every node. */
const knownAfterMs = 1_000
/** Three kilobytes each: a trial of ten minutes at most rates. */
const mostCalls = 200_000

/** A dApp with a contract of its own on the chain, which holds what its stages wrote. */
export type Scene<Kept extends Model> = {
  readonly contract: DeployedContract
  readonly senders: Senders
  readonly model: Kept
  /** A copy that goes with what is planned. */
  readonly planned: Kept
  /** Of the transactions of its stages. */
  readonly hashes: readonly string[]
  /** After which a write is taken to be in a block, milliseconds: a multiple of 1,000. */
  readonly settleMs: number
}

/**
 * Deploys a dApp's contract and writes what it begins with.
 * @throws Error when a write is not mined, or reverts
 */
export async function openScene<Kept extends Model>(
  dapp: Dapp<Kept>,
  { url, seed, signal }: Pick<ScriptContext, 'url' | 'seed' | 'signal'>,
): Promise<Scene<Kept>> {
  const senders = await Senders.open({ url, seed, count: dapp.senders, signal })
  let slowestMs = 0
  let sinceMs = performance.now()
  const lap = (): void => {
    slowestMs = Math.max(slowestMs, performance.now() - sinceMs)
    sinceMs = performance.now()
  }
  const contract = await DeployedContract.deploy(dapp.contract, url, senders, signal)
  lap()
  const [model, planned] = [dapp.model(), dapp.model()]
  const written: string[] = []
  for (const stage of dapp.stages) {
    const writes = stage(senders.addresses, model)
    const signed = writes.map((write) => senders.sign(write.sender, contract.wish(write)))
    await sendAll(url, signed, signal)
    const hashes = signed.map(({ hash }) => hash)
    const receipts = await awaitReceipts(url, hashes, signal)
    const mined = receipts.filter((receipt) => receipt !== null).toSorted(inChainOrder)
    for (const { hash, succeeded } of mined) {
      const write = writes[hashes.indexOf(hash)]
      if (write === undefined) continue
      const from = senders.addresses[write.sender] ?? ''
      const should = [model, planned].map((one) => one.apply(write, from))
      if (!succeeded || should.includes(false))
        throw new Error(`${dapp.name}: ${write.name} failed`)
    }
    written.push(...hashes)
    if (mined.length < writes.length) throw new Error(`${dapp.name}: the chain stands still`)
    lap()
  }
  const settleMs = 1_000 * Math.ceil((2 * slowestMs) / 1_000)
  return { contract, senders, model, planned, hashes: written, settleMs }
}

/**
 * A load of a dApp, drawn, encoded and signed before it begins, so that nothing of that falls into
 * it. Each load has a contract of its own, and is the same for the same seed and stream but for
 * addresses and nonces.
 * @throws Error when the chain does not take what the dApp begins with
 */
export async function dappScript<Kept extends Model>(
  dapp: Dapp<Kept>,
  context: ScriptContext,
): Promise<Script> {
  const { arrivalsMs, url, seed, stream } = context
  if (arrivalsMs.length > mostCalls) {
    throw new RangeError(`${dapp.name}: ${arrivalsMs.length} calls; at most ${mostCalls} a load`)
  }
  const scene = await openScene(dapp, context)
  const { contract, senders, model, planned, settleMs } = scene
  const random = randomStream(seed, `${stream}/calls`)
  const plan = dapp.plan({ model: planned, accounts: senders.addresses, random, settleMs })
  const ledger = new WriteLedger(url, contract, senders, model)
  const writer = new DappWriter(dapp, plan, scene, ledger, random)
  const calls = Array.from(arrivalsMs, (atMs) => writer.call(atMs))
  return new DappScript(calls, ledger)
}

/** A call, and the hash of what it sends if it is a write. */
type Planned = { readonly call: Call; readonly hash: string | null }

class DappScript implements Script {
  readonly #calls: readonly Planned[]
  readonly #hashes = new Map<Call, string>()
  readonly #ledger: WriteLedger
  #next = 0

  constructor(calls: readonly Planned[], ledger: WriteLedger) {
    this.#calls = calls
    this.#ledger = ledger
    for (const { call, hash } of calls) if (hash !== null) this.#hashes.set(call, hash)
  }

  next(): Call {
    const planned = this.#calls[this.#next]
    if (planned === undefined) throw new RangeError('more calls than arrivals')
    this.#next += 1
    return planned.call
  }

  settled(call: Call, settled: Settled): void {
    const hash = this.#hashes.get(call)
    if (hash !== undefined) this.#ledger.settled(hash, settled)
  }

  finish(signal: AbortSignal): Promise<Audit> {
    return this.#ledger.audit(signal)
  }
}

/** Makes calls of steps. */
class DappWriter<Kept extends Model> {
  readonly #dapp: Dapp<Kept>
  readonly #plan: Plan
  readonly #scene: Scene<Kept>
  readonly #ledger: WriteLedger
  readonly #random: Random
  readonly #sent: { readonly signed: Signed; readonly atMs: number }[] = []
  /** Of the sent ones, those that are old enough to be looked up. */
  #known = 0

  constructor(
    dapp: Dapp<Kept>,
    plan: Plan,
    scene: Scene<Kept>,
    ledger: WriteLedger,
    random: Random,
  ) {
    this.#dapp = dapp
    this.#plan = plan
    this.#scene = scene
    this.#ledger = ledger
    this.#random = random
  }

  call(atMs: number): Planned {
    const { rows, classes, fallback } = this.#dapp
    const drawn = drawnRow(rows, this.#random)
    const made = this.#made(drawn.row, atMs)
    const row = made === null ? rows.find((one) => one.row === fallback) : drawn
    const { method, params, hash } = made ?? this.#made(fallback, atMs) ?? {}
    if (row === undefined || method === undefined || params === undefined) {
      throw new RangeError(`${this.#dapp.name} has no row ${fallback}`)
    }
    const call = { kind: classes.indexOf(row.class), row: rows.indexOf(row), method, params }
    return { call, hash: hash ?? null }
  }

  #made(row: string, atMs: number): Made | null {
    const { senders } = this.#scene
    if (row === 'head') return { method: 'eth_blockNumber', params: [] }
    if (row === 'nonce') {
      const params = [pick(senders.addresses, this.#random), 'pending']
      return { method: 'eth_getTransactionCount', params }
    }
    if (row === 'lookup') return this.#lookup(atMs)
    const step = this.#plan.step(row, atMs)
    return step === null ? null : this.#ofStep(step, atMs)
  }

  #ofStep(step: Step, atMs: number): Made {
    const { contract } = this.#scene
    switch (step.kind) {
      case 'view':
        return { method: 'eth_call', params: [contract.question(step.name, step.args), 'latest'] }
      case 'events':
        return { method: 'eth_getLogs', params: [contract.filter(step.topic)] }
      case 'write': {
        const signed = this.#ledger.sign(step.write)
        this.#sent.push({ signed, atMs })
        return { method: 'eth_sendRawTransaction', params: [signed.raw], hash: signed.hash }
      }
    }
    return step satisfies never
  }

  #lookup(atMs: number): Made | null {
    const isKnown = (at: number) => atMs - (this.#sent[at]?.atMs ?? atMs) >= knownAfterMs
    while (isKnown(this.#known)) this.#known += 1
    if (this.#known === 0) return null
    const sent = this.#sent[Math.floor(this.#random() * this.#known)]
    return sent === undefined
      ? null
      : { method: 'eth_getTransactionByHash', params: [sent.signed.hash] }
  }
}

type Made = {
  readonly method: string
  readonly params: readonly unknown[]
  /** Of a write. */
  readonly hash?: string
}

/** A row, each as often as its weight says. @throws RangeError when there are none */
function drawnRow(rows: readonly DappRow[], random: Random): DappRow {
  const total = rows.reduce((sum, { weight }) => sum + weight, 0)
  let left = random() * total
  const drawn = rows.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  const row = drawn ?? rows.at(-1)
  if (row === undefined) throw new RangeError('a dApp without rows')
  return row
}
