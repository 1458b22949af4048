import type Docker from 'dockerode'
import { servingFlags } from '../geth/command-line.ts'
import { chainId } from '../geth/genesis.ts'
import { labels } from './daemon.ts'
import type { Network } from './network.ts'

/** All that a node's container is made of. */
export type ContainerPlan = {
  /** The stack's name. */
  readonly stack: string
  /** The node's id within its fleet: `geth-1`. */
  readonly id: string
  readonly image: string
  readonly network: Network
  readonly address: string
  /** Its data directory on this machine. */
  readonly datadir: string
  /** Megabytes for its caches. */
  readonly cacheMb: number
  /** CPU quota in cores; null for none. */
  readonly cpus: number | null
  /** Memory limit, swap included; null for none. */
  readonly memoryBytes: number | null
  /** What it may read, and write, a second of the disk its data is on; null for no limit. */
  readonly disk: { readonly device: string; readonly bytesPerS: number } | null
}

/** What each node listens on at its own address; peers find each other there, others the first. */
export const ports = { http: 8545, engine: 8551, peers: 30_303 } as const

const datadir = '/data'
const stopGraceS = 10
const bitsPerByte = 8

/** The container's name. */
export function containerName({ stack, id }: Pick<ContainerPlan, 'stack' | 'id'>): string {
  return `${stack}-${id}`
}

/** A node has no right that it does not need, and writes nowhere but into its data directory. */
export function creation(plan: ContainerPlan): Docker.ContainerCreateOptions {
  const { image, network, address, memoryBytes, disk } = plan
  const rate = disk === null ? [] : [{ Path: disk.device, Rate: disk.bytesPerS }]
  return {
    name: containerName(plan),
    Image: image,
    Cmd: [...command(plan)],
    User: user(),
    Labels: { ...labelsOf(plan) },
    ExposedPorts: { [`${ports.http}/tcp`]: {} },
    StopTimeout: stopGraceS,
    HostConfig: {
      Binds: [`${plan.datadir}:${datadir}`],
      NetworkMode: network.name,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': '' },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '1' } },
      ...(memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
      BlkioDeviceReadBps: rate,
      BlkioDeviceWriteBps: rate,
    },
    NetworkingConfig: {
      EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } },
    },
  }
}

/** What discovery and agents read from the container. */
export function labelsOf(plan: ContainerPlan): Readonly<Record<string, string>> {
  const { stack, id, network, disk } = plan
  return {
    [labels.stack]: stack,
    [labels.node]: id,
    'equipoise.enable': 'true',
    'equipoise.name': id,
    'equipoise.pool': stack,
    'equipoise.port': String(ports.http),
    'equipoise.ws.port': String(ports.http),
    'equipoise.network': network.name,
    'equipoise.chain-id': String(chainId),
    ...(disk === null
      ? {}
      : { 'equipoise.capacity.disk-mbps': String((disk.bytesPerS * bitsPerByte) / 1e6) }),
  }
}

/** The same as a command line for people. */
export function runLine(plan: ContainerPlan): string {
  const { network, address, cpus, memoryBytes, image } = plan
  return [
    ...['docker', 'run', '-d', '--name', containerName(plan)],
    ...['--network', network.name, '--ip', address],
    ...(cpus === null ? [] : ['--cpus', String(cpus)]),
    ...(memoryBytes === null ? [] : ['--memory', String(memoryBytes)]),
    ...['-v', `${plan.datadir}:${datadir}`],
    ...Object.entries(labelsOf(plan)).flatMap(([name, value]) => ['-l', `${name}=${value}`]),
    ...[image, ...command(plan)],
  ].join(' ')
}

function command({ cacheMb, network }: ContainerPlan): readonly string[] {
  const place = { datadir, ports, cacheMb, address: '0.0.0.0', network: network.subnet }
  return [...servingFlags(place)]
}

/** Ours, so that the data directory is ours to remove. */
function user(): string {
  return `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
}
