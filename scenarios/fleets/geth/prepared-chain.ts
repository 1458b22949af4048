import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../ports.ts'
import { Process } from '../../process.ts'
import type { Reaper } from '../../reaper.ts'
import type { ChainFacts } from '../../workloads/chain.ts'
import { testAccounts } from '../accounts.ts'
import { text } from '../block.ts'
import { field, NodeRpc } from '../node-rpc.ts'
import { BlockDriver } from './block-driver.ts'
import { gethFlags } from './command-line.ts'
import { genesisFrom } from './genesis.ts'
import { GethNode } from './geth-node.ts'
import { signedTransfers } from './transfers.ts'

/** What a chain holds before a fleet takes it up. */
export type ChainRecipe = {
  /** Whether 2000 token transfers lie in its first 50 blocks. */
  readonly isSeeded: boolean
  /** Accounts in its genesis that are only there to be many, so that reads go to the disk. */
  readonly bulkAccounts: number
}

/** A data directory to copy; the node that made it was stopped in order. */
export type PreparedChain = { readonly datadir: string; readonly facts: ChainFacts }

/** Part of a prepared chain's name: to be raised when what is made here changes. */
const recipeVersion = 1
const blocks = 50
const transfersPerBlock = 40
/** Transactions kept for receipts to be asked. */
const keptTransactions = 400
const cacheMb = 64
const rpcTimeoutMs = 10_000

/**
 * A chain that nodes can start from at once. It is made once (2 to 30 s) and kept for later fleets
 * under the folder for temporary files, by Geth's version and recipe.
 *
 * A Geth that is killed before its first stop in order comes back without state; a copy of this
 * directory has that stop behind it.
 * @param folder for what is made on the way; removed by the reaper
 */
export async function preparedChain(
  binary: string,
  recipe: ChainRecipe,
  folder: string,
  reaper: Reaper,
): Promise<PreparedChain> {
  const { stdout: version } = await promisify(execFile)(binary, ['--version'])
  const key = createHash('sha256')
    .update(JSON.stringify({ recipeVersion, version, recipe }))
    .digest('hex')
  const store = join(tmpdir(), `equipoise-chains-${userInfo().uid}`)
  await mkdir(store, { recursive: true, mode: 0o700 })
  if ((await stat(store)).uid !== userInfo().uid) throw new Error(`${store} is not ours`)
  const place = join(store, key.slice(0, 16))
  const known = await read(place)
  if (known !== null) return known
  const made = await mkdtemp(join(folder, 'chain-'))
  await make(binary, recipe, made, reaper)
  try {
    await rename(made, place)
  } catch (error) {
    // Another process was faster, and its chain is the same.
    if ((await read(place)) === null) throw error
  }
  const kept = await read(place)
  if (kept === null) throw new Error(`${place} holds no chain`)
  return kept
}

/** Copies the chain for one node. */
export async function copyChain(chain: PreparedChain, datadir: string): Promise<void> {
  await cp(chain.datadir, datadir, { recursive: true })
}

async function read(place: string): Promise<PreparedChain | null> {
  try {
    const facts: ChainFacts = JSON.parse(await readFile(join(place, 'facts.json'), 'utf8'))
    return { datadir: join(place, 'data'), facts }
  } catch {
    return null // Not made yet; the facts are written last, and the whole is put there by one rename.
  }
}

async function make(
  binary: string,
  recipe: ChainRecipe,
  place: string,
  reaper: Reaper,
): Promise<void> {
  const datadir = join(place, 'data')
  await mkdir(datadir)
  const dump = await promisify(execFile)(binary, ['--dev', 'dumpgenesis'])
  const genesis = join(place, 'genesis.json')
  await writeFile(genesis, genesisFrom(dump.stdout, recipe.bulkAccounts))
  const command = [binary, ...gethFlags(datadir, cacheMb), 'init', genesis] as const
  const init = new Process({ name: 'geth init', command, reaper })
  const { how, code } = await init.ended
  if (code !== 0) throw new Error(`geth init: ${how}: ${init.lastWords.slice(-2).join(' | ')}`)
  await rm(genesis)
  const [http = 0, engine = 0, peers = 0] = await freePorts(3)
  const ports = { http, engine, peers }
  const node = new GethNode({
    ...{ id: 'geth-0', binary, datadir, ports, peers: [], cacheMb, folder: place, reaper },
    group: null,
    onEnded: () => {},
  })
  const driver = new BlockDriver({ blockTimeMs: null, onEvent: () => {}, nowS: () => 0 })
  let facts: ChainFacts
  try {
    await node.start()
    await driver.start([{ id: node.id, engine: node.engine() }])
    facts = await seed(node.url, driver, recipe.isSeeded ? blocks : 0)
  } finally {
    await driver.close()
    await node.stop()
  }
  await writeFile(join(place, 'facts.json'), JSON.stringify(facts))
}

/** Blocks that the transactions of one may take. */
const sealsAtMost = 50

async function seed(url: string, driver: BlockDriver, count: number): Promise<ChainFacts> {
  const rpc = new NodeRpc(url, rpcTimeoutMs)
  const transactions: string[] = []
  const firstBlock = driver.head.number
  try {
    for (const raws of await signedTransfers(count, transfersPerBlock)) {
      const hashes = await rpc.batch(raws.map((raw) => ['eth_sendRawTransaction', raw] as const))
      const mined: unknown[] = []
      // A block is filled while it is waited for: on a busy machine some find no place in the first.
      for (let seals = 0; mined.length < hashes.length; seals += 1) {
        if (seals === sealsAtMost) throw new Error(`no block took ${String(hashes[0])}`)
        const { hash } = await driver.seal()
        const held = field(await rpc.call('eth_getBlockByHash', hash, false), 'transactions')
        if (Array.isArray(held)) mined.push(...held)
      }
      transactions.push(...mined.map(text))
    }
  } finally {
    await rpc.close()
  }
  const lastBlock = driver.head.number
  const step = Math.max(1, Math.floor(transactions.length / keptTransactions))
  return {
    firstBlock,
    lastBlock,
    accounts: testAccounts.map(({ address }) => address),
    transactions: transactions.filter((_, i) => i % step === 0).slice(0, keptTransactions),
    logBlocks: count === 0 ? null : { first: firstBlock + 1, last: lastBlock },
  }
}
