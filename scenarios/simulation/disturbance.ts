import type { Random } from '../load/random.ts'
import type { Agenda } from './agenda.ts'
import { exponential, spread } from './draws.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** Something that is on for a while and off for a while, exponentially distributed. */
export type OnOff = {
  readonly onMs: number
  readonly offMs: number
  /** Mean share of a node's cores while it is on; each time 0.5 to 1.5 times it. */
  readonly share: number
}

/** What nodes do besides answering, and what others do to them. */
export type Disturbances = {
  /** Import of a block every 12 s on every node, 2 to 3.2 s after the slot begins. */
  readonly blockImport: {
    readonly meanMs: number
    /** Threads ÷ cores while it lasts, 0.6 to 1.4 times it. */
    readonly share: number
    /** Share of the disks' parallelism that it reads with. */
    readonly diskShare: number
  } | null
  /** Compaction or sync: shows in the node's use. */
  readonly bursts: (OnOff & { readonly diskShare: number }) | null
  /** A neighbour on the machine that takes cores away: shows in pressure alone. */
  readonly neighbour: OnOff | null
  /** A process inside the node's cgroup that eats of its quota, on one node after the other. */
  readonly quotaNeighbour: {
    readonly share: number
    /** What it uses on any node besides. */
    readonly ownCores: number
    readonly stayMs: number
  } | null
}

export const undisturbed: Disturbances = {
  blockImport: null,
  bursts: null,
  neighbour: null,
  quotaNeighbour: null,
}

const slotMs = 12_000

/** Mean share of the cores, and of the disks, that disturbances leave for calls. */
export function availableShares(of: Disturbances): { readonly cpu: number; readonly disk: number } {
  const { blockImport, bursts, neighbour } = of
  const importOn = blockImport === null ? 0 : blockImport.meanMs / slotMs
  const burstOn = bursts === null ? 0 : onShare(bursts)
  const own = importOn * (blockImport?.share ?? 0) + burstOn * (bursts?.share ?? 0)
  const taken = neighbour === null ? 0 : onShare(neighbour) * neighbour.share
  const reading = importOn * (blockImport?.diskShare ?? 0) + burstOn * (bursts?.diskShare ?? 0)
  return { cpu: Math.max(0.2, 1 - Math.min(1, own) - taken), disk: Math.max(0.2, 1 - reading) }
}

/** Enters the disturbances of one node on the agenda. */
export function disturb(
  node: SimulatedNode,
  { blockImport, bursts, neighbour }: Disturbances,
  agenda: Agenda,
  random: Random,
): void {
  let [importing, bursting, stolen] = [0, 0, 0]
  const apply = () => {
    const { cores, disks } = node.options
    const reading =
      (importing > 0 ? (blockImport?.diskShare ?? 0) : 0) +
      (bursting > 0 ? (bursts?.diskShare ?? 0) : 0)
    node.disturb((importing + bursting) * cores, stolen, reading * disks)
  }
  if (blockImport !== null) {
    const next = (slot: number) => slot * slotMs + 2000 + 1200 * random()
    const begin = () => {
      importing = blockImport.share * (0.6 + 0.8 * random())
      apply()
      const forMs = spread(random, { mean: blockImport.meanMs, variation: 0.6 })
      later(agenda, agenda.nowMs + forMs, end)
    }
    const end = () => {
      importing = 0
      apply()
      later(agenda, Math.max(agenda.nowMs + 10, next(Math.floor(agenda.nowMs / slotMs) + 1)), begin)
    }
    later(agenda, next(0), begin)
  }
  if (bursts !== null) {
    alternate(bursts, agenda, random, (share) => {
      bursting = share
      apply()
    })
  }
  if (neighbour !== null) {
    alternate(neighbour, agenda, random, (share) => {
      stolen = Math.min(0.9, share)
      apply()
    })
  }
}

/** Lets a process walk from node to node and eat of the quota of the one it is at. */
export function disturbQuotas(
  nodes: readonly SimulatedNode[],
  { quotaNeighbour }: Disturbances,
  agenda: Agenda,
): void {
  if (quotaNeighbour === null || nodes.length === 0) return
  let at = -1
  const move = () => {
    nodes[at]?.shareQuota(0)
    at = (at + 1) % nodes.length
    const node = nodes[at]
    node?.shareQuota(quotaNeighbour.share * node.options.cores + quotaNeighbour.ownCores)
    later(agenda, agenda.nowMs + quotaNeighbour.stayMs, move)
  }
  move()
}

function alternate(
  { onMs, offMs, share }: OnOff,
  agenda: Agenda,
  random: Random,
  turn: (share: number) => void,
): void {
  const on = () => {
    turn(share * (0.5 + random()))
    later(agenda, agenda.nowMs + exponential(random, onMs), off)
  }
  const off = () => {
    turn(0)
    later(agenda, agenda.nowMs + exponential(random, offMs), on)
  }
  later(agenda, exponential(random, offMs), on)
}

function onShare({ onMs, offMs }: OnOff): number {
  return onMs / (onMs + offMs)
}

function later(agenda: Agenda, atMs: number, run: () => void): void {
  agenda.add(atMs, { happen: run }, 0)
}
