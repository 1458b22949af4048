import { createHmac } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { freePorts } from '../../ports.ts'
import { Process } from '../../process.ts'
import type { Reaper } from '../../reaper.ts'
import { conformanceFolder } from './needs.ts'

const networkId = '3503995874084926'
export const allNamespaces = 'admin,debug,eth,miner,net,testing,txpool,web3'
const jwtSecret = '7365637265747365637265747365637265747365637265747365637265747365'
const startTimeoutMs = 20_000

/** A real Geth with the chain of execution-apis, as hive starts it, on free ports of loopback. */
export class ConformanceGeth {
  readonly httpPort: number
  readonly ipcPath: string
  readonly #process: Process

  private constructor(httpPort: number, ipcPath: string, process: Process) {
    this.httpPort = httpPort
    this.ipcPath = ipcPath
    this.#process = process
  }

  /**
   * Makes the chain in `folder`, which must be there and be empty, and starts the node.
   * @param flags beyond those that all of them have, such as `--http.corsdomain`
   * @throws Error with its last words when it does not come up
   */
  static async start(
    folder: string,
    reaper: Reaper,
    flags: readonly string[] = [],
  ): Promise<ConformanceGeth> {
    const chain = ['--datadir', folder, '--state.scheme', 'path']
    const file = (name: string): string => join(conformanceFolder, name)
    await run(reaper, [...chain, 'init', file('genesis.json')])
    const network = [...chain, '--networkid', networkId, '--syncmode', 'full']
    await run(reaper, [...network, 'import', file('chain.rlp')])
    const [httpPort = 0, enginePort = 0] = await freePorts(2)
    const jwtFile = join(folder, 'jwt.hex')
    await writeFile(jwtFile, jwtSecret)
    const ipcPath = join(folder, 'geth.ipc')
    const node = new Process({
      name: 'geth',
      command: [
        gethBinary() ?? 'geth',
        ...network,
        ...['--nodiscover', '--nat', 'none', '--maxpeers', '0', '--port', '0', '--cache', '64'],
        ...['--ipcpath', ipcPath, '--http', '--http.addr', '127.0.0.1'],
        ...['--http.port', String(httpPort), '--http.api', allNamespaces],
        ...['--ws', '--ws.addr', '127.0.0.1', '--ws.port', String(httpPort)],
        ...['--ws.api', allNamespaces, '--authrpc.addr', '127.0.0.1'],
        ...['--authrpc.port', String(enginePort), '--authrpc.jwtsecret', jwtFile],
        ...['--rpc.evmtimeout', '60s'], // A busy machine must not decide an answer.
        ...flags,
      ],
      reaper,
    })
    const geth = new ConformanceGeth(httpPort, ipcPath, node)
    try {
      await geth.#setHead(enginePort)
    } catch (error) {
      await geth.close()
      throw error
    }
    return geth
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }

  /** Ends it at once: its chain is not needed any more. */
  async close(): Promise<void> {
    await this.#process.kill()
  }

  /** Tells it the head as a consensus client would, over and over until it listens. */
  async #setHead(enginePort: number): Promise<void> {
    const body = await readFile(join(conformanceFolder, 'headfcu.json'), 'utf8')
    const untilMs = Date.now() + startTimeoutMs
    for (;;) {
      const gone = this.#process.pid === null
      if (gone || Date.now() > untilMs) {
        const words = this.#process.lastWords.slice(-3).join(' | ')
        throw new Error(`geth did not come up; it said: ${words}`)
      }
      const answer = await post(`http://127.0.0.1:${enginePort}`, body)
      if (answer?.includes('"status":"VALID"') === true) return
      if (answer !== null) throw new Error(`geth refused its head: ${answer}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Folders below `parent`, for nodes. */
export async function subfolder(parent: string, name: string): Promise<string> {
  const folder = join(parent, name)
  await mkdir(folder)
  return folder
}

async function run(reaper: Reaper, args: readonly string[]): Promise<void> {
  const name = `geth ${args.at(-2)}`
  const process = new Process({ name, command: [gethBinary() ?? 'geth', ...args], reaper })
  const { how, code } = await process.ended
  if (code !== 0) throw new Error(`${name}: ${how}: ${process.lastWords.slice(-2).join(' | ')}`)
}

/** The body of an answer to an engine call, or null when nobody listens yet. */
async function post(url: string, body: string): Promise<string | null> {
  const unsigned = [{ alg: 'HS256', typ: 'JWT' }, { iat: Math.floor(Date.now() / 1000) }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const key = Buffer.from(jwtSecret, 'hex')
  const signature = createHmac('sha256', key).update(unsigned).digest('base64url')
  const headers = {
    authorization: `Bearer ${unsigned}.${signature}`,
    'content-type': 'application/json',
  }
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    return await response.text()
  } catch {
    return null // Nobody listens yet; the process is watched beside this.
  }
}
