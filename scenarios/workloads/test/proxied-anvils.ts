import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AnvilFleet } from '../../fleets/anvil.ts'
import { Process } from '../../process.ts'
import { Reaper } from '../../reaper.ts'
import type { ChainFacts } from '../chain.ts'

const blockTimeMs = 250

/** Of a chain of which nothing is known. */
export const bareFacts: ChainFacts = {
  firstBlock: 1,
  lastBlock: 1,
  accounts: [`0x${'11'.repeat(20)}`],
  transactions: [],
  logBlocks: null,
}

/** Three Anvils on one chain behind the proxy, as processes of their own. */
export type ProxiedAnvils = { readonly url: string; close(): Promise<void> }

/** @throws Error when something does not start; nothing is left running then */
export async function startProxiedAnvils(): Promise<ProxiedAnvils> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-workloads-'))
  const reaper = new Reaper(folder)
  const started: { close(): Promise<unknown> }[] = []
  const close = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) await part.close()
    await reaper.close()
  }
  try {
    const own = { folder, reaper, onEvent: () => {} }
    const fleet = await AnvilFleet.start({ nodes: 3, blockTimeMs, cpus: [], ...own })
    started.push(fleet)
    const listening = Promise.withResolvers<string>()
    const nodes = fleet.nodes.flatMap((node) => ['--node', `${node.id}=${node.url}`])
    const ports = ['--http.port', '0', '--admin.port', '0', '--log.level', 'error']
    const bin = join(import.meta.dirname, '../../../proxy/bin.ts')
    const proxy = new Process({
      name: 'proxy',
      command: [process.execPath, bin, ...ports, ...nodes],
      reaper,
      onLine: (line) => {
        const [, at] = /^equipoise listening on (\S+)$/.exec(line) ?? []
        if (at !== undefined) listening.resolve(at)
      },
    })
    started.push({ close: () => proxy.stop(5_000) })
    const died = proxy.ended.then(() => {
      throw new Error(`the proxy ended: ${proxy.lastWords.join('; ')}`)
    })
    const url = await Promise.race([listening.promise, died])
    died.catch(() => {}) // It ends with the test.
    return { url, close }
  } catch (error) {
    await close()
    throw error
  }
}
