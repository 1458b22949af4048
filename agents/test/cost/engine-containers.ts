import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSecondsNamed, cpuSecondsOf } from './processes.ts'

/** The processes of a Docker Engine, by the kernel's names of them. */
const engineNames = ['dockerd', 'containerd']

/** A static busybox has 2 MB. */
const maxImageBytes = 2 ** 26

/** Containers of a Docker Engine that sleep, out of an image of one static program. */
export class EngineContainers {
  readonly #name = `equipoise-cost-${randomBytes(4).toString('hex')}`
  readonly #ids: string[] = []

  /** Why there can be none; undefined when there can. */
  static obstacle(): string | undefined {
    if (spawnSync('docker', ['info']).status !== 0) return 'no Docker Engine answers'
    if (spawnSync('busybox', ['true']).status !== 0) return 'busybox (static) is not installed'
    return undefined
  }

  get label(): string {
    return this.#name
  }

  start(count: number): void {
    const pack = ['-C', '/', '--transform', 's,.*,sleep,', '-cf', '-', busybox()]
    const tar = execFileSync('tar', pack, { maxBuffer: maxImageBytes })
    execFileSync('docker', ['import', '-', this.#name], { input: tar, stdio: 'pipe' })
    for (let i = 0; i < count; i += 1) {
      const run = ['run', '--detach', '--cpus', '0.5', '--network', 'none', '--label', this.#name]
      const id = execFileSync('docker', [...run, this.#name, '/sleep', '100000'], {
        stdio: 'pipe',
      })
      this.#ids.push(String(id).trim())
    }
  }

  close(): void {
    if (this.#ids.length > 0) spawnSync('docker', ['rm', '--force', ...this.#ids])
    spawnSync('docker', ['rmi', this.#name])
  }

  /** Percent of one core that the engine takes while something runs, and the result of that. */
  static async engineWhile<T>(run: () => Promise<T>): Promise<{ percent: number; result: T }> {
    const [before, fromMs] = [cpuSecondsNamed(engineNames), performance.now()]
    const result = await run()
    const tookS = (performance.now() - fromMs) / 1000
    return { percent: ((cpuSecondsNamed(engineNames) - before) / tookS) * 100, result }
  }

  /** Runs `docker stats` over them, and gives its own CPU as percent of one core. */
  async stats(seconds: number): Promise<number> {
    const child = spawn('docker', ['stats', '--format', '{{json .}}', ...this.#ids], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const exit = once(child, 'exit')
    child.stdout.resume()
    await once(child.stdout, 'data')
    const before = cpuSecondsOf(child.pid ?? 0) ?? 0
    await delay(seconds * 1000)
    const after = cpuSecondsOf(child.pid ?? 0) ?? before
    child.kill('SIGKILL')
    await exit
    return ((after - before) / seconds) * 100
  }
}

function busybox(): string {
  return execFileSync('sh', ['-c', 'readlink -f "$(command -v busybox)"'], { encoding: 'utf8' })
    .trim()
    .replace(/^\//, '')
}
