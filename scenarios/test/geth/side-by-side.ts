import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../ports.ts'
import { Reaper } from '../../reaper.ts'
import { Service } from '../../service.ts'
import { allNamespaces, ConformanceGeth, subfolder } from './conformance-geth.ts'

/** Where one side is asked. */
export type Side = {
  readonly httpPort: number
  readonly url: string
  readonly webSocketUrl: string
  readonly ipcPath: string
}

export type SidesOptions = {
  /** Flags that Geth and the proxy both know, given to both. */
  readonly flags?: readonly string[]
  /** Flags for Geth alone. */
  readonly gethFlags?: readonly string[]
  /** Whether the proxy stands before a second Geth of its own, so that each side has its own pool. */
  readonly apart?: boolean
}

/** Methods that the vectors call and that are refused unless they are opened one by one. */
const config =
  'methods: { allow: [testing_buildBlockV1, testing_commitBlockV1] }\nlog: { level: warn }\n'

/** A Geth and the proxy before it, configured alike, each a process of its own. */
export class SideBySide {
  readonly direct: Side
  readonly proxied: Side
  readonly #started: readonly { close(): Promise<void> }[]
  readonly #reaper: Reaper

  private constructor(
    direct: Side,
    proxied: Side,
    started: readonly { close(): Promise<void> }[],
    reaper: Reaper,
  ) {
    this.direct = direct
    this.proxied = proxied
    this.#started = started
    this.#reaper = reaper
  }

  /** @throws Error with the last words of what did not come up; nothing is left running then */
  static async start({
    flags = [],
    gethFlags = [],
    apart = false,
  }: SidesOptions = {}): Promise<SideBySide> {
    const all = [...flags, ...gethFlags]
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-geth-'))
    const reaper = new Reaper(folder)
    const started: { close(): Promise<void> }[] = []
    try {
      const geth = await ConformanceGeth.start(await subfolder(folder, 'direct'), reaper, all)
      started.push(geth)
      let behind = geth
      if (apart) {
        behind = await ConformanceGeth.start(await subfolder(folder, 'behind'), reaper, all)
        started.push(behind)
      }
      const ipcPath = join(folder, 'proxy.ipc')
      const configFile = join(folder, 'equipoise.yaml')
      await writeFile(configFile, config)
      const [httpPort = 0, adminPort = 0] = await freePorts(2)
      const command: [string, ...string[]] = [
        process.execPath,
        join(import.meta.dirname, '../../../proxy/bin.ts'),
        ...['--config', configFile, '--node', `geth=${behind.url}`, '--ipcpath', ipcPath],
        ...['--http.port', String(httpPort), '--admin.port', String(adminPort)],
        ...['--http.api', allNamespaces, ...flags],
      ]
      const proxy = new Service('proxy', command, reaper, () => {})
      started.push(proxy)
      await proxy.start()
      return new SideBySide(
        sideOf(geth.httpPort, geth.ipcPath),
        sideOf(httpPort, ipcPath),
        started,
        reaper,
      )
    } catch (error) {
      await endAll(started, reaper)
      throw error
    }
  }

  async close(): Promise<void> {
    await endAll(this.#started, this.#reaper)
  }
}

function sideOf(httpPort: number, ipcPath: string): Side {
  const address = `127.0.0.1:${httpPort}`
  return { httpPort, url: `http://${address}`, webSocketUrl: `ws://${address}`, ipcPath }
}

async function endAll(
  started: readonly { close(): Promise<void> }[],
  reaper: Reaper,
): Promise<void> {
  await Promise.all(started.map((part) => part.close()))
  await reaper.close()
}
