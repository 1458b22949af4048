import { setTimeout as pause } from 'node:timers/promises'
import { Wallet } from 'ethers'
import type { CpuGroup } from '../cgroup.ts'
import { SlowDisk } from '../faults/slow-disk.ts'
import { testAccounts } from '../fleets/accounts.ts'
import { AnvilFleet } from '../fleets/anvil.ts'
import type { Fleet, FleetEvent } from '../fleets/fleet.ts'
import { deploymentOf, workContracts } from '../fleets/geth/work-contracts.ts'
import { GethFleet } from '../fleets/geth.ts'
import { NodeRpc } from '../fleets/node-rpc.ts'
import type { Reaper } from '../reaper.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import { seedChain } from '../workloads/seed.ts'
import type { Profile } from './profiles.ts'

/** What the nodes of a stand can be. */
export const standClients = ['anvil', 'geth'] as const
export type StandClient = (typeof standClients)[number]

export type StandFleetOptions = {
  readonly client: StandClient
  readonly profile: Profile
  readonly folder: string
  readonly reaper: Reaper
  readonly onEvent: (event: FleetEvent) => void
  /** The conditions do not hold any more, for the reason given. */
  readonly onSpoilt: (text: string) => void
}

/** Nodes under a profile's quotas on a chain that holds what its workload asks for. */
export type StandFleet = {
  readonly fleet: Fleet
  readonly facts: ChainFacts
  /** Of each node, in the nodes' order; empty on a machine that gives no quotas. */
  readonly groups: readonly CpuGroup[]
  close(): Promise<void>
}

/** Between two blocks. A chain of Anvils is given its contracts and logs block by block, at the start. */
const blockTimesMs: { readonly [client in StandClient]: number } = { anvil: 1_000, geth: 2_000 }
const cacheMb = 16
const rpcTimeoutMs = 5_000
const deployGas = 300_000
const maxFeePerGas = 3_000_000_000
const pollMs = 100
const pollTries = 200

/** @throws Error when it cannot be had on this machine; nothing is left then */
export async function openStandFleet(options: StandFleetOptions): Promise<StandFleet> {
  const { client, profile } = options
  const { folder, reaper, onEvent } = options
  const blockTimeMs = blockTimesMs[client]
  const common = { nodes: profile.nodes, cpus: profile.cpus, blockTimeMs }
  const own = { ...common, folder, reaper, onEvent }
  if (client === 'geth') {
    const fleet = await GethFleet.start({ ...own, cacheMb, chain: profile.chain })
    return await withGroups(fleet, options, () => Promise.resolve(fleet.facts))
  }
  if (profile.slowReadsPerSecond !== null) {
    throw new Error(`profile ${profile.name} takes Geths: Anvil keeps its chain in memory`)
  }
  const fleet = await AnvilFleet.start(own)
  return await withGroups(fleet, options, () => seedAnvils(fleet))
}

async function withGroups(
  fleet: GethFleet | AnvilFleet,
  { profile, reaper, onSpoilt }: StandFleetOptions,
  factsOf: () => Promise<ChainFacts>,
): Promise<StandFleet> {
  try {
    const groups = fleet.nodes.flatMap(({ id }) => fleet.group(id) ?? [])
    if (profile.needsQuotas && groups.length < fleet.nodes.length) {
      throw new Error(`profile ${profile.name} takes CPU quotas, which this machine does not give`)
    }
    const facts = await factsOf()
    const slow =
      fleet instanceof GethFleet ? await slowDisk(profile, fleet, reaper, onSpoilt) : null
    const close = async (): Promise<void> => {
      try {
        await slow?.close()
      } finally {
        await fleet.close()
      }
    }
    return { fleet, facts, groups, close }
  } catch (error) {
    await fleet.close()
    throw error
  }
}

/** Of the second node, which is neither the largest nor the smallest in any profile. */
async function slowDisk(
  { slowReadsPerSecond }: Profile,
  fleet: GethFleet,
  reaper: Reaper,
  onSpoilt: (text: string) => void,
): Promise<SlowDisk | null> {
  const node = fleet.nodes[1]
  if (slowReadsPerSecond === null || node === undefined) return null
  return await SlowDisk.start({
    id: node.id,
    pid: node.pid() ?? 0,
    datadir: node.datadir,
    readsPerSecond: slowReadsPerSecond,
    reaper,
    onFailed: onSpoilt,
  })
}

async function seedAnvils(fleet: AnvilFleet): Promise<ChainFacts> {
  const endpoint = fleet.nodes[0]?.url ?? ''
  await deployWork(endpoint, fleet.chainId)
  return await seedChain({
    endpoint,
    nodeUrls: fleet.nodes.map(({ url }) => url),
    accounts: testAccounts,
    signal: AbortSignal.timeout(pollMs * pollTries * 4),
  })
}

/** Puts the work contracts where a Geth fleet has them from the start. */
async function deployWork(url: string, chainId: number): Promise<void> {
  const rpc = new NodeRpc(url, rpcTimeoutMs)
  const wallet = new Wallet(testAccounts[9]?.privateKey ?? '')
  try {
    for (const [nonce, { code }] of Object.values(workContracts).entries()) {
      const raw = await wallet.signTransaction({
        ...{ type: 2, chainId, nonce, data: deploymentOf(code), gasLimit: deployGas },
        ...{ maxFeePerGas, maxPriorityFeePerGas: 1 },
      })
      await rpc.call('eth_sendRawTransaction', raw)
    }
    for (let tries = 0; tries < pollTries; tries += 1) {
      const code = await rpc.call('eth_getCode', workContracts.token.address, 'latest')
      if (code === workContracts.token.code) return
      await pause(pollMs)
    }
    throw new Error('the work contracts were not deployed in time')
  } finally {
    await rpc.close()
  }
}
