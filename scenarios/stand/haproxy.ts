import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Contender } from '../contenders.ts'
import type { FleetNode } from '../fleets/fleet.ts'
import { haproxyBalancer, haproxyHead } from '../haproxy-config.ts'
import type { CounterSources } from '../measure/counters.ts'
import { freePorts } from '../ports.ts'
import { Process } from '../process.ts'
import type { Reaper } from '../reaper.ts'

/** The name it is compared under. */
export const haproxyName = 'haproxy'

const startTimeoutMs = 10_000
const pollMs = 50
const stopGraceMs = 2_000
/** The greatest weight that HAProxy knows. */
const mostWeight = 256

export function isHaproxy({ name, url }: Contender): boolean {
  return name === haproxyName && url === null
}

/** What the program calls itself, such as `3.0.11`; null where there is none. */
export function haproxyVersion(): string | null {
  const { stdout, error } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' })
  return error === undefined ? (/version (\S+)/.exec(stdout)?.[1] ?? 'unknown') : null
}

/** HAProxy with `leastconn`, weighted by quotas, on the nodes of a stand, as a careful operator sets it up. */
export class Rival {
  readonly url: string
  /** Where it differs from the proxy's. */
  readonly sources: Pick<CounterSources, 'proxyPid' | 'statsUrl'>
  readonly #process: Process
  #isClosing = false

  private constructor(
    process: Process,
    pid: number,
    ports: readonly [number, number],
    onDied: (text: string) => void,
  ) {
    this.#process = process
    this.url = `http://127.0.0.1:${ports[0]}`
    this.sources = { proxyPid: pid, statsUrl: `http://127.0.0.1:${ports[1]}/stats;csv` }
    void process.ended.then(({ how }) => {
      if (!this.#isClosing) onDied(`haproxy ended: ${how}`)
    })
  }

  /** @throws Error with its last words when it does not start */
  static async start(
    nodes: readonly FleetNode[],
    folder: string,
    reaper: Reaper,
    onDied: (text: string) => void,
  ): Promise<Rival> {
    const [port = 0, statsPort = 0] = await freePorts(2)
    const file = join(folder, 'haproxy.cfg')
    await writeFile(file, configuration(port, statsPort, nodes))
    const process = new Process({
      name: 'haproxy',
      command: ['haproxy', '-db', '-f', file],
      reaper,
    })
    const deadlineMs = performance.now() + startTimeoutMs
    while (performance.now() < deadlineMs) {
      const { pid } = process
      if (pid === null) break
      if (await answers(`http://127.0.0.1:${statsPort}/stats;csv`)) {
        return new Rival(process, pid, [port, statsPort], onDied)
      }
      await pause(pollMs)
    }
    await process.stop(stopGraceMs)
    throw new Error(`haproxy did not start: ${process.lastWords.slice(-3).join(' | ')}`)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#process.stop(stopGraceMs)
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false // It does not listen yet; the time limit has the last word.
  }
}

function configuration(port: number, statsPort: number, nodes: readonly FleetNode[]): string {
  const most = Math.max(...nodes.map(({ cpus }) => cpus ?? 1))
  const servers = nodes.map(({ id, url, cpus }) => ({
    ...{ id, host: new URL(url).host },
    weight: Math.max(1, Math.round((mostWeight * (cpus ?? 1)) / most)),
  }))
  return [
    ...haproxyHead({ maxConnections: 8_000, timeoutS: 60 }),
    'frontend stats',
    `  bind 127.0.0.1:${statsPort}`,
    '  stats enable',
    '  stats uri /stats',
    ...haproxyBalancer(port, servers),
    '',
  ].join('\n')
}
