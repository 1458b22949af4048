import { execFileSync } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NoDocker, openDocker } from '../../fleets/docker/daemon.ts'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { Process } from '../../process.ts'
import { Reaper } from '../../reaper.ts'

/** A Docker daemon for tests: one that runs, or one of our own. */
export type Daemon = {
  /** For the environment of whoever is to use it; null: the default. */
  readonly host: string | null
  /** Ends it, if it is ours. */
  close(): Promise<void>
}

const startTimeoutMs = 60_000
const stopGraceMs = 30_000
const pollMs = 100

/** What these tests cannot run without, in one line, or the daemon they run with. */
export async function daemonOrReason(): Promise<Daemon | string> {
  if (gethBinary() === null) return 'no geth on the PATH or in GOPATH/bin'
  if (process.getuid?.() !== 0) return 'not root: agents look into other processes, hogs join them'
  try {
    await openDocker()
    return { host: null, close: async () => {} }
  } catch (error) {
    if (!(error instanceof NoDocker)) throw error
    return hasDockerd() ? await ownDaemon() : `${error.message}; and there is no dockerd to start`
  }
}

/** A daemon whose data, socket and state are in a folder of its own. */
async function ownDaemon(): Promise<Daemon | string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-dockerd-'))
  const reaper = new Reaper(folder)
  const host = `unix://${join(folder, 'docker.sock')}`
  const dockerd = new Process({
    name: 'dockerd',
    command: [
      ...(['dockerd', '--host', host, '--data-root', join(folder, 'data')] as const),
      ...['--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'dockerd.pid')],
      ...['--bridge', 'none', '--log-level', 'warn'],
    ],
    reaper,
  })
  const close = async (): Promise<void> => {
    await dockerd.stop(stopGraceMs)
    await reaper.close()
  }
  process.env['DOCKER_HOST'] = host
  for (const untilMs = performance.now() + startTimeoutMs; ; ) {
    try {
      await openDocker()
      return { host, close }
    } catch (error) {
      if (dockerd.pid === null || performance.now() > untilMs) {
        await close()
        return `dockerd did not start: ${dockerd.lastWords.slice(-2).join(' | ') || String(error)}`
      }
      await pause(pollMs)
    }
  }
}

function hasDockerd(): boolean {
  try {
    execFileSync('dockerd', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
