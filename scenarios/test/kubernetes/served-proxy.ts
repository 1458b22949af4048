import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

const bin = join(import.meta.dirname, '../../../proxy/bin.ts')
const patienceMs = 60_000
const pollMs = 50

/** Of `/api/fleet`, what these tests look at. */
export type SeenFleet = {
  readonly ready: boolean
  readonly nodes: readonly {
    readonly id: string
    readonly url: string
    readonly health: string
    readonly draining: boolean
  }[]
  readonly discovery: {
    readonly providers: readonly {
      readonly name: string
      readonly up: boolean | null
      readonly nodes: number
      readonly problem: string | null
      readonly leftOut: readonly string[]
    }[]
  }
}

/** The proxy as its own process on free ports, ended with the test. */
export class ServedProxy {
  readonly url: string
  readonly adminUrl: string

  static async start(t: TestContext, args: readonly string[]): Promise<ServedProxy> {
    const ports = ['--http.port', '0', '--admin.port', '0', '--log.level', 'error']
    const child = spawn(process.execPath, [bin, ...ports, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(async () => {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'close')
    })
    return new ServedProxy(await urlsOf(child))
  }

  private constructor([url, adminUrl]: readonly [string, string]) {
    this.url = url
    this.adminUrl = adminUrl
  }

  /** The result of one read. */
  async read(): Promise<unknown> {
    const body = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x1","latest"]}'
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(this.url, { method: 'POST', headers, body })
    const { result } = (await response.json()) as { readonly result?: unknown }
    return result
  }

  /** Waits until the fleet is as wanted. @throws Error that shows it as it is, after a minute */
  async until(isWanted: (fleet: SeenFleet) => boolean): Promise<SeenFleet> {
    for (const untilMs = performance.now() + patienceMs; ; ) {
      const response = await fetch(`${this.adminUrl}/api/fleet`)
      const fleet = (await response.json()) as SeenFleet
      if (isWanted(fleet)) return fleet
      const { nodes, discovery } = fleet
      if (performance.now() > untilMs) throw new Error(JSON.stringify({ nodes, discovery }))
      await pause(pollMs)
    }
  }
}

async function urlsOf({ stdout }: ChildProcess): Promise<readonly [string, string]> {
  if (stdout === null) throw new Error('no standard output')
  let url = ''
  for await (const line of createInterface({ input: stdout })) {
    url = /^equipoise listening on (\S+)$/.exec(line)?.[1] ?? url
    const admin = /^equipoise admin on (\S+)$/.exec(line)?.[1]
    if (admin !== undefined) return [url, admin]
  }
  throw new Error('the proxy ended before it listened')
}
