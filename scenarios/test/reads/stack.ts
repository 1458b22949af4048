import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Process } from '../../process.ts'
import { Reaper } from '../../reaper.ts'
import { AnvilCluster } from './anvil-cluster.ts'
import type { Cluster } from './cluster.ts'
import { GethCluster } from './geth-cluster.ts'
import { Payer } from './payer.ts'

export type ProxyOptions = {
  /** Of the configuration file, in YAML. */
  readonly config?: string
  /** A file of `proxy/test/` that is loaded before it and makes it late, or a broken build. */
  readonly preload?: 'late-heads' | 'without-demands' | 'without-removals' | 'without-logs'
}

const stopGraceMs = 3_000
const proxyFolder = join(import.meta.dirname, '../../../proxy')

/** Real nodes that a test leads, and any number of proxies before them. */
export class ReadsStack {
  readonly cluster: Cluster
  readonly payer: Payer
  readonly #folder: string
  readonly #reaper: Reaper
  #proxies = 0

  private constructor(cluster: Cluster, folder: string, reaper: Reaper) {
    this.cluster = cluster
    this.payer = new Payer(cluster.chainId)
    this.#folder = folder
    this.#reaper = reaper
  }

  static async start(client: 'anvil' | 'geth', nodes: number): Promise<ReadsStack> {
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-reads-'))
    const reaper = new Reaper(folder)
    try {
      const kind = client === 'geth' ? GethCluster : AnvilCluster
      return new ReadsStack(await kind.start(nodes, folder, reaper), folder, reaper)
    } catch (error) {
      await reaper.close()
      throw error
    }
  }

  /** A proxy on a port of its own, ended with the test. @returns its URL */
  async proxy(t: TestContext, { config = '{}', preload }: ProxyOptions = {}): Promise<string> {
    this.#proxies += 1
    const file = join(this.#folder, `proxy-${this.#proxies}.yaml`)
    await writeFile(file, config)
    const before =
      preload === undefined ? [] : ['--import', join(proxyFolder, `test/${preload}.ts`)]
    const nodes = this.cluster.nodes.flatMap(({ id, url }) => ['--node', `${id}=${url}`])
    const { promise: listening, resolve } = Promise.withResolvers<string>()
    const process = new Process({
      name: 'proxy',
      command: [
        ...[globalThis.process.execPath, ...before, join(proxyFolder, 'bin.ts')],
        ...['--http.port', '0', '--admin.port', '0', '--strategy', 'round-robin'],
        ...['--log.level', 'warn', '--config', file, ...nodes],
      ] as [string, ...string[]],
      reaper: this.#reaper,
      onLine: (line) => {
        const url = /^equipoise listening on (\S+)$/.exec(line)?.[1]
        if (url !== undefined) resolve(url)
      },
    })
    t.after(() => process.stop(stopGraceMs))
    const first = await Promise.race([listening, process.ended])
    if (typeof first === 'string') return first
    throw new Error([`the proxy ended (${first.how})`, ...process.lastWords].join('; '))
  }

  async close(): Promise<void> {
    await this.cluster.close()
    await this.#reaper.close()
  }
}
