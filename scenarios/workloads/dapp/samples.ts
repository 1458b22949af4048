import { randomStream } from '../../load/random.ts'
import type { ChainFacts } from '../chain.ts'
import { ask, RpcFailure } from '../rpc.ts'
import type { ScriptContext } from '../script.ts'
import type { Workload, WorkloadRow } from '../workload.ts'
import { pick } from '../workload.ts'
import { dappScript, openScene, type Scene } from './dapp-script.ts'
import type { Model, Write } from './model.ts'
import type { Dapp, DappRow, Plan } from './plan.ts'
import { sendAll, successOf } from './receipts.ts'

/** Params for calls of each row of a dApp, on a contract that stays as it is. */
export type DappSamples = { readonly [row: string]: readonly (readonly unknown[])[] }

const samplesEach = 8
/** A write may make no sense where the contract stands; some do. */
const triesEach = 40

/**
 * A dApp as a workload: its script is the load. Single calls of its rows, by which a node's idle times
 * and a fleet's capacity are measured, go to a contract that stays as it is; a write is estimated there,
 * which runs it and keeps nothing.
 */
export function dappWorkload<Kept extends Model>(dapp: Dapp<Kept>): Workload {
  return {
    name: dapp.name,
    about: dapp.about,
    classes: dapp.classes,
    rows: dapp.rows.map((row) => workloadRow(dapp.name, row)),
    script: (context) => dappScript(dapp, context),
    samples: (context) => sampled(dapp, context),
  }
}

function workloadRow(name: string, { row, class: kind, weight, what }: DappRow): WorkloadRow {
  const own = { class: kind, weight, what, needs: `samples of ${name}` } as const
  const params = (facts: ChainFacts, random: () => number): readonly unknown[] =>
    pick(facts.samples?.[name]?.[row] ?? [], random)
  switch (row) {
    case 'head':
      return { ...own, method: 'eth_blockNumber', params }
    case 'nonce':
      return { ...own, method: 'eth_getTransactionCount', params }
    case 'lookup':
      return { ...own, method: 'eth_getTransactionByHash', params }
    case 'history':
      return { ...own, method: 'eth_getLogs', params }
  }
  return kind === 'write'
    ? { ...own, method: 'eth_sendRawTransaction', standIn: 'eth_estimateGas', params }
    : { ...own, method: 'eth_call', params }
}

/**
 * Deploys the dApp's contract, uses it a little, and finds calls of each row that it answers.
 * @throws Error when the chain does not take what is written for it
 */
async function sampled<Kept extends Model>(
  dapp: Dapp<Kept>,
  context: Pick<ScriptContext, 'url' | 'seed' | 'signal'>,
): Promise<DappSamples> {
  const { url, seed, signal } = context
  const scene = await openScene(dapp, context)
  const { contract, senders, planned: model, hashes } = scene
  const random = randomStream(seed, `${dapp.name}/samples`)
  const plan = dapp.plan({ model, accounts: senders.addresses, random, settleMs: 0 })
  const writing = dapp.rows.filter(({ class: kind }) => kind === 'write')
  const first = writing.flatMap(({ row }) => planned(plan, row, samplesEach))
  const signed = first.map((write) => senders.sign(write.sender, contract.wish(write)))
  await sendAll(url, signed, signal)
  await successOf(
    url,
    signed.map(({ hash }) => hash),
    signal,
  ).catch(stillUseful)
  const samples: Record<string, readonly (readonly unknown[])[]> = {
    head: [[]],
    nonce: senders.addresses.slice(0, samplesEach).map((address) => [address, 'pending']),
    lookup: hashes.slice(0, samplesEach).map((hash) => [hash]),
  }
  for (const { row, class: kind } of dapp.rows) {
    if (samples[row] !== undefined) continue
    const found =
      kind === 'write'
        ? await estimated(planned(plan, row, triesEach), scene, url, signal)
        : asked(plan, row, scene)
    samples[row] = found.length > 0 ? found : asked(plan, dapp.fallback, scene)
  }
  return samples
}

/** Where blocks turned two writes round, one may revert: there are others. */
function stillUseful(error: unknown): void {
  if (!(error instanceof Error) || !error.message.endsWith('reverted')) throw error
}

function planned(plan: Plan, row: string, times: number): readonly Write[] {
  return Array.from({ length: times }, (_, i) => plan.step(row, i)).flatMap((step) =>
    step?.kind === 'write' ? [step.write] : [],
  )
}

function asked<Kept extends Model>(
  plan: Plan,
  row: string,
  { contract }: Scene<Kept>,
): readonly (readonly unknown[])[] {
  return Array.from({ length: samplesEach }, (_, i) => plan.step(row, i)).flatMap((step) => {
    if (step?.kind === 'view') return [[contract.question(step.name, step.args), 'latest']]
    return step?.kind === 'events' ? [[contract.filter(step.topic)]] : []
  })
}

/** Those of the writes that the contract would take as it is now. */
async function estimated<Kept extends Model>(
  writes: readonly Write[],
  { contract, senders }: Scene<Kept>,
  url: string,
  signal: AbortSignal,
): Promise<readonly (readonly unknown[])[]> {
  const found: (readonly unknown[])[] = []
  for (const { sender, name, args, valueWei } of writes) {
    if (found.length >= samplesEach) break
    const params = [contract.question(name, args, senders.addresses[sender], valueWei)]
    try {
      await ask(url, 'eth_estimateGas', params, signal)
      found.push(params)
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error // A revert: this one makes no sense now.
    }
  }
  return found
}
