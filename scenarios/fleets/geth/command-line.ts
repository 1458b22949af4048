import { createECDH, createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chainId } from './genesis.ts'

/** Where one Geth listens, and who may be its peer. */
export type GethPlace = {
  /** Its data directory as it sees it itself. */
  readonly datadir: string
  /** What it listens on for calls. */
  readonly address: string
  readonly ports: { readonly http: number; readonly engine: number; readonly peers: number }
  /** The network its peers are in, such as `127.0.0.0/8`. */
  readonly network: string
  /** Megabytes for its caches. */
  readonly cacheMb: number
}

/** What a data directory holds beside the chain. */
export type GethFiles = {
  /** The data directory as this process sees it. */
  readonly datadir: string
  readonly id: string
  /** Where it listens for peers: `127.0.0.1:30303`. */
  readonly listen: string
  /** Where the other nodes do: `enode://…`. */
  readonly peers: readonly string[]
  /** The 32 bytes that it shares with its consensus client. */
  readonly secret: Buffer
}

const namespaces = 'admin,debug,eth,net,txpool,web3'

/** What every Geth of a fleet is started with, and what makes its data directory. */
export function gethFlags(
  datadir: string,
  cacheMb: number,
  network = '127.0.0.0/8',
): readonly string[] {
  return [
    ...['--datadir', datadir, '--state.scheme', 'path', '--networkid', String(chainId)],
    ...['--syncmode', 'full', '--nodiscover', '--nat', 'none', '--netrestrict', network],
    ...['--maxpeers', '32', '--ipcdisable', '--cache', String(cacheMb), '--verbosity', '2'],
  ]
}

/** All flags of a node that takes calls over HTTP and, on the same port, WebSocket. */
export function servingFlags(place: GethPlace): readonly string[] {
  const { datadir, address, ports, network, cacheMb } = place
  return [
    ...gethFlags(datadir, cacheMb, network),
    ...['--config', join(datadir, 'config.toml')],
    ...['--http', '--http.addr', address, '--http.port', String(ports.http)],
    ...['--http.api', namespaces, '--ws', '--ws.addr', address],
    ...['--ws.port', String(ports.http), '--ws.api', namespaces, '--ws.origins', '*'],
    ...['--authrpc.addr', address, '--authrpc.port', String(ports.engine)],
    ...['--authrpc.jwtsecret', join(datadir, 'jwt.hex')],
    ...['--miner.recommit', '200ms', '--miner.gasprice', '1', '--txpool.nolocals'],
  ]
}

export async function writeGethFiles(files: GethFiles): Promise<void> {
  const { datadir, id, listen, peers, secret } = files
  await mkdir(join(datadir, 'geth'), { recursive: true })
  await writeFile(join(datadir, 'geth/nodekey'), nodeKey(id))
  await writeFile(join(datadir, 'jwt.hex'), secret.toString('hex'))
  // A flag would set the port alone and listen on all addresses.
  const toml = `[Node.P2P]\nListenAddr = "${listen}"\n`
  await writeFile(join(datadir, 'config.toml'), `${toml}StaticNodes = ${JSON.stringify(peers)}\n`)
}

/** Where the node called `id` listens for peers, with the key that goes with its name. */
export function enodeOf(id: string, port: number, address = '127.0.0.1'): string {
  const curve = createECDH('secp256k1')
  curve.setPrivateKey(nodeKey(id), 'hex')
  return `enode://${curve.getPublicKey('hex').slice(2)}@${address}:${port}?discport=0`
}

function nodeKey(id: string): string {
  return createHash('sha256').update(`equipoise node ${id}`).digest('hex')
}
