import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Shape } from './shape.ts'

/** What came of one slot of load. */
export type Loaded = { readonly requests: number; readonly p50Ms: number; readonly p99Ms: number }

/** Loads an address for some seconds. @throws Error when an answer was wrong */
export type Load = (url: string, seconds: number) => Promise<Loaded>

/** The load of a shape, on one core: wrk over HTTP, and a client in Node over WebSocket. */
export async function loadOf(shape: Shape, core: string, folder: string): Promise<Load> {
  if (shape.isWebSocket) {
    const program = join(import.meta.dirname, 'web-socket-load.ts')
    return async (url, seconds) => {
      const args = [process.execPath, program, url.replace('http', 'ws'), String(seconds)]
      return JSON.parse(await onCore(core, [...args, shape.request])) as Loaded
    }
  }
  const script = join(folder, 'post.lua')
  const type = 'wrk.headers["Content-Type"] = "application/json"'
  await writeFile(script, `wrk.method = "POST"\n${type}\nwrk.body = '${shape.request}'\n`)
  return async (url, seconds) => {
    const args = ['wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', '-s', script, url]
    return wrkLoaded(await onCore(core, args))
  }
}

async function onCore(core: string, command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('taskset', ['-c', core, ...command])
  return stdout
}

function wrkLoaded(said: string): Loaded {
  const requests = Number(/(\d+) requests in/.exec(said)?.[1])
  const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(said)
  if (wrong !== null || !(requests > 0)) throw new Error(wrong?.[0] ?? said)
  return {
    requests,
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(said)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(said)?.[1]),
  }
}

/** `1.23ms`, `456.00us` or `1.02s` of wrk, in milliseconds. */
function milliseconds(text: string | undefined): number {
  const [, amount = Number.NaN, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? '') ?? []
  return Number(amount) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1)
}
