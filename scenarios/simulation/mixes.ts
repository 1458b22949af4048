import type { CallKind } from './call-mix.ts'

/*
 * The calls of the policy study: costs are those of a core of the study's reference machine. Shares
 * are given by the mixes below.
 */

const chainId = light('chainId', 'eth_chainId', { mean: 0.05, variation: 0.3 })
const blockNumber = light('blockNumber', 'eth_blockNumber', { mean: 0.05, variation: 0.3 })
const balance = light('getBalance', 'eth_getBalance', { mean: 0.2, variation: 0.5 })
const call = light('call', 'eth_call', { mean: 5, variation: 1, least: 1, most: 20 })
const proof: CallKind = {
  ...light('getProof, cold', 'eth_getProof', { mean: 1, variation: 0.5 }),
  diskMs: { mean: 10, variation: 1, most: 100 },
}
const logs: CallKind = {
  ...heavy('getLogs', 'eth_getLogs', { mean: 60, variation: 1.3, least: 5, most: 500 }),
  blocks: 1000,
}
const coldLogs: CallKind = {
  ...heavy('getLogs, cold', 'eth_getLogs', { mean: 15, variation: 1 }),
  blocks: 100,
  diskMs: { mean: 60, variation: 1.3, most: 500 },
}
const trace = heavy('traceTransaction', 'debug_traceTransaction', {
  mean: 500,
  variation: 1.2,
  least: 50,
  most: 3000,
})

/** Each kind by a short name, for mixes of one's own. */
export const callKinds = { chainId, blockNumber, balance, call, proof, logs, coldLogs, trace }

/** CPU alone, costs over four decades: mix A of the study. */
export const wideMix: readonly CallKind[] = [
  { ...chainId, share: 0.2 },
  { ...blockNumber, share: 0.2 },
  { ...balance, share: 0.25 },
  { ...call, share: 0.3 },
  { ...logs, share: 0.045 },
  { ...trace, share: 0.005 },
]

/** The same without traces. */
export const traceFreeMix: readonly CallKind[] = [
  { ...chainId, share: 0.2 },
  { ...blockNumber, share: 0.2 },
  { ...balance, share: 0.25 },
  { ...call, share: 0.3 },
  { ...logs, share: 0.05 },
]

/** CPU and disk: proofs and logs that are not in memory. */
export const diskMix: readonly CallKind[] = [
  { ...chainId, share: 0.2 },
  { ...balance, share: 0.2 },
  { ...call, share: 0.3 },
  { ...proof, share: 0.2 },
  { ...logs, share: 0.03 },
  { ...coldLogs, share: 0.066 },
  { ...trace, share: 0.004 },
]

/**
 * The calls of the trials on real Geth nodes, with the CPU they were measured to use. A tenth is
 * added to the heavy ones for what Geth does besides: collecting garbage and taking in blocks.
 */
export const gethMix: readonly CallKind[] = [
  { ...chainId, share: 15, cpuMs: { mean: 0.12, variation: 0.3 } },
  { ...blockNumber, share: 15, cpuMs: { mean: 0.12, variation: 0.3 } },
  { ...balance, share: 20, cpuMs: { mean: 0.18, variation: 0.3 } },
  {
    ...light('getTransactionReceipt', 'eth_getTransactionReceipt', { mean: 0.2, variation: 0.3 }),
    share: 15,
  },
  {
    ...call,
    share: 25,
    isLight: false,
    cpuMs: { mean: 4.9, variation: 0.25, least: 2.6, most: 6.9 },
  },
  { ...logs, share: 3.25, blocks: 16, cpuMs: { mean: 13, variation: 0.2, least: 7, most: 20 } },
  { ...logs, share: 3.25, blocks: 50, cpuMs: { mean: 27, variation: 0.2, least: 18, most: 36 } },
  {
    ...trace,
    name: 'traceCall',
    method: 'debug_traceCall',
    share: 3.5,
    cpuMs: { mean: 44, variation: 0.12, least: 33, most: 55 },
  },
]

/** What of a disk the state of one account takes, or a proof of it: where others take it from memory. */
const stateRead = { mean: 0.5, variation: 0.3 }
const proofRead = { mean: 1, variation: 0.3 }

/** Those of the trials with a slow disk: four calls in ten read state that no cache holds. */
export const gethDiskMix: readonly CallKind[] = [
  ...gethMix
    .filter(({ method }) => method !== balance.method)
    .map((kind) => ({ ...kind, share: kind.isLight ? 15 : 0.6 * kind.share })),
  { ...balance, share: 22, cpuMs: { mean: 0.18, variation: 0.3 }, diskMs: stateRead },
  { ...proof, share: 18, diskMs: proofRead },
]

function light(name: string, method: string, cpuMs: CallKind['cpuMs']): CallKind {
  return { name, method, blocks: null, share: 0, cpuMs, diskMs: null, isLight: true }
}

function heavy(name: string, method: string, cpuMs: CallKind['cpuMs']): CallKind {
  return { ...light(name, method, cpuMs), isLight: false }
}
