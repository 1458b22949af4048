import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSecondsOf } from './processes.ts'

/** What an agent cost while it was looked at. */
export type Cost = {
  /** Percent of one core. */
  readonly cpuPercent: number
  /** Milliseconds that one reading of all nodes and its report took. */
  readonly cycleMs: Quantiles
  /** Milliseconds by which readings came later than they were due. */
  readonly latenessMs: Quantiles
  /** Lines a second that its reader got, and nodes in the last. */
  readonly linesPerS: number
  readonly nodes: number
}

export type Quantiles = { readonly [q in '0.5' | '0.9' | '0.99' | '1']: number }

/** Loading, the first readings and the compiler are no cost of running. */
const warmUpMs = 3_000

/**
 * Runs the agent as an operator does, with one reader of its stream, and looks at what it costs.
 * `started` is told of its process before anything is asked of it.
 */
export async function measureAgent(
  words: readonly string[],
  seconds: number,
  started: (agent: ChildProcess) => void = () => {},
): Promise<Cost> {
  const bin = join(import.meta.dirname, '../../bin.ts')
  const agent = spawn(process.execPath, [bin, ...words, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exit = once(agent, 'exit')
  // Also where this process is ended by a signal: nothing of ours outlives it.
  const kill = (): void => void agent.kill('SIGKILL')
  process.once('exit', kill)
  try {
    started(agent)
    const [line] = (await once(agent.stdout.setEncoding('utf8'), 'data')) as [string]
    const url = line.trim().split(' ').at(-1) ?? ''
    return await follow(url, agent.pid ?? 0, seconds)
  } finally {
    kill()
    process.off('exit', kill)
    await exit
  }
}

async function follow(url: string, pid: number, seconds: number): Promise<Cost> {
  const aborter = new AbortController()
  const seen = { lines: 0, last: '' }
  const reading = read(url, aborter.signal, seen)
  try {
    await delay(warmUpMs)
    const [cpuBefore, linesBefore, fromMs] = [cpuSecondsOf(pid), seen.lines, performance.now()]
    await delay(seconds * 1000)
    const tookS = (performance.now() - fromMs) / 1000
    const cpuAfter = cpuSecondsOf(pid)
    if (cpuBefore === undefined || cpuAfter === undefined) throw new Error('the agent ended')
    const linesPerS = (seen.lines - linesBefore) / tookS
    const metrics = await (await fetch(`${url}/metrics`)).text()
    return {
      cpuPercent: ((cpuAfter - cpuBefore) / tookS) * 100,
      cycleMs: quantilesOf(metrics, 'equipoise_agent_cycle_seconds'),
      latenessMs: quantilesOf(metrics, 'equipoise_agent_lateness_seconds'),
      linesPerS,
      nodes: (JSON.parse(seen.last) as { nodes: readonly unknown[] }).nodes.length,
    }
  } finally {
    aborter.abort()
    await reading
  }
}

/** The one reader that an agent has in service. */
async function read(
  url: string,
  signal: AbortSignal,
  seen: { lines: number; last: string },
): Promise<void> {
  let rest = ''
  try {
    const { body } = await fetch(`${url}/v1/stream`, { signal })
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      seen.lines += lines.length
      seen.last = lines.at(-1) ?? seen.last
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function quantilesOf(metrics: string, name: string): Quantiles {
  const of = (q: string): number => {
    const [, seconds] = new RegExp(`^${name}\\{quantile="${q}"\\} (\\S+)$`, 'm').exec(metrics) ?? []
    return Number(seconds) * 1000
  }
  return { '0.5': of('0.5'), '0.9': of('0.9'), '0.99': of('0.99'), '1': of('1') }
}
