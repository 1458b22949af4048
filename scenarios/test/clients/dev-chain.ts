import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AnvilNode } from '../../fleets/anvil-node.ts'
import { NodeRpc } from '../../fleets/node-rpc.ts'
import { freePorts } from '../../ports.ts'
import { Reaper } from '../../reaper.ts'
import { Service } from '../../service.ts'

const proxyBin = join(import.meta.dirname, '../../../proxy/bin.ts')
const timeoutMs = 8_000
/** From one block to the next, so that the blocks of two chains are the same whenever they are made. */
const blockTimeS = 12

/** A chain of one developer: a node that seals each transaction at once, alone or behind the proxy. */
export class DevChain {
  readonly url: string
  /** For what a test writes; removed with the chain. */
  readonly folder: string
  readonly #started: readonly { close(): Promise<void> }[]
  readonly #reaper: Reaper

  private constructor(
    url: string,
    folder: string,
    started: readonly { close(): Promise<void> }[],
    reaper: Reaper,
  ) {
    this.url = url
    this.folder = folder
    this.#started = started
    this.#reaper = reaper
  }

  /** @throws Error with the last words of what did not come up; nothing is left running then */
  static async start(place: 'node' | 'proxy'): Promise<DevChain> {
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-dev-'))
    const reaper = new Reaper(folder)
    const started: { close(): Promise<void> }[] = []
    try {
      const [port = 0, httpPort = 0, adminPort = 0] = await freePorts(3)
      const none = { group: null, onEnded: () => {} }
      const node = new AnvilNode({ id: 'dev', port, folder, reaper, ...none })
      started.push({ close: () => node.stop() })
      await node.start()
      await sealAtOnce(node.url)
      if (place === 'node') return new DevChain(node.url, folder, started, reaper)
      const command: [string, ...string[]] = [
        process.execPath,
        ...[proxyBin, '--node', `dev=${node.url}`, '--http.port', String(httpPort)],
        ...['--http.api', 'eth,net,web3,evm,hardhat'],
        ...['--admin.port', String(adminPort), '--log.level', 'warn'],
      ]
      const proxy = new Service('proxy', command, reaper, () => {})
      started.push(proxy)
      await proxy.start()
      return new DevChain(`http://127.0.0.1:${httpPort}`, folder, started, reaper)
    } catch (error) {
      await endAll(started, reaper)
      throw error
    }
  }

  async close(): Promise<void> {
    await endAll(this.#started, this.#reaper)
  }
}

async function sealAtOnce(url: string): Promise<void> {
  const rpc = new NodeRpc(url, timeoutMs)
  try {
    await rpc.call('anvil_setBlockTimestampInterval', blockTimeS)
    await rpc.call('evm_setAutomine', true)
  } finally {
    await rpc.close()
  }
}

async function endAll(
  started: readonly { close(): Promise<void> }[],
  reaper: Reaper,
): Promise<void> {
  await Promise.all(started.map((part) => part.close()))
  await reaper.close()
}
