import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseReport } from '../../../agents/index.ts'

const bin = join(import.meta.dirname, '../../../agents/bin.ts')
const patienceMs = 60_000
const pollMs = 100

/** Where an agent finds the API server, as every pod does. */
export type PodPlace = {
  /** Folder with `token` and `namespace`. */
  readonly account: string
  /** The authority of the server's certificate. */
  readonly caFile: string
  readonly url: string
}

/** The agent as its own process on a free port, in the surroundings of a pod, ended with the test. */
export class ServedAgent {
  readonly #url: string

  private constructor(url: string) {
    this.#url = url
  }

  static async start(
    t: TestContext,
    { account, caFile, url }: PodPlace,
    args: readonly string[],
  ): Promise<ServedAgent> {
    await copyFile(caFile, join(account, 'ca.crt'))
    const { hostname, port } = new URL(url)
    const place = ['--port', '0', '--kubernetes.account', account]
    const child = spawn(process.execPath, [bin, ...place, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    })
    const ended = once(child, 'exit')
    t.after(async () => {
      child.kill()
      await ended
    })
    for await (const line of createInterface({ input: child.stdout })) {
      const [, found] = / listening on (\S+)$/.exec(line) ?? []
      if (found !== undefined) return new ServedAgent(found)
    }
    throw new Error('the agent ended before it listened')
  }

  /**
   * Names of the nodes that it tells of, sorted, once they are as wanted.
   * @throws Error when they are not within a minute
   */
  async until(wanted: (names: readonly string[]) => boolean): Promise<readonly string[]> {
    for (const untilMs = performance.now() + patienceMs; ; ) {
      const report = await (await fetch(`${this.#url}/v1/state`)).json()
      const names = parseReport(report).nodes.map(({ name }) => name)
      if (wanted(names)) return names.toSorted()
      if (performance.now() > untilMs) throw new Error(`the agent tells of ${names.join(', ')}`)
      await pause(pollMs)
    }
  }
}
