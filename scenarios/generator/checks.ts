import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Pool } from 'undici'
import { poissonArrivals } from '../load/arrivals.ts'
import { generateLoad } from '../load/generator.ts'
import { randomStream } from '../load/random.ts'
import { Latencies } from '../measure/latencies.ts'
import type { QueueOrder } from './queue-server.ts'
import { typicalSample } from './sample.ts'
import { figuresOf, type QueueFigures, type QueueKind, theoryOf } from './theory.ts'

/** One comparison of what was measured with what is known. */
export type Check = {
  readonly name: string
  readonly calls: number
  /** What theory says. */
  readonly theory: QueueFigures
  /** Of these very calls, by arithmetic. */
  readonly exact: QueueFigures
  readonly measured: QueueFigures
  readonly lateP99Ms: number
}

/** Long beside what HTTP on loopback takes: 0.5 ms, and 2 ms on a busy machine. */
const serviceMs = 50
const freezeMs = 1_000
const freezeRate = 100
const freezeSeed = 1
/** Any light workload: what is asked does not matter to the server. */
const workload = 'light-reads'

const facts = {
  ...{ firstBlock: 1, lastBlock: 9, transactions: [], logBlocks: null },
  accounts: [`0x${'11'.repeat(20)}`],
}

/** Loads a single-server queue in real time, through the same process as every benchmark. */
export async function queueCheck(
  kind: QueueKind,
  load: number,
  durationMs: number,
  signal: AbortSignal,
): Promise<Check> {
  const { seed, servicesMs, arrivalsMs, exact } = typicalSample(kind, load, serviceMs, durationMs)
  const { measured, lateP99Ms } = await loaded(
    { servicesMs, freeze: null },
    { seed, ratePerSecond: (load / serviceMs) * 1000, durationMs },
    signal,
  )
  return {
    ...{ name: `${kind} at ${load}`, calls: arrivalsMs.length, exact, measured, lateP99Ms },
    theory: theoryOf(kind, load, serviceMs),
  }
}

/** Loads a server that stands still for a second: every call that was due meanwhile is charged. */
export async function freezeCheck(durationMs: number, signal: AbortSignal): Promise<Check> {
  const { arrivalsMs, order, id } = frozen(durationMs)
  const thawMs = (arrivalsMs[id] ?? 0) + freezeMs
  const waited = arrivalsMs.map((dueMs, i) => (i < id || dueMs > thawMs ? 0 : thawMs - dueMs))
  const exact = figuresOf(waited)
  const plan = { seed: freezeSeed, ratePerSecond: freezeRate, durationMs }
  const { measured, lateP99Ms } = await loaded(order, plan, signal)
  const about = { name: 'frozen for 1 s', calls: arrivalsMs.length }
  return { ...about, theory: exact, exact, measured, lateP99Ms }
}

/** What one client that waits for each answer tells of the same server after as many calls. */
export async function closedLoopFigures(
  durationMs: number,
  signal: AbortSignal,
): Promise<QueueFigures> {
  const { arrivalsMs, order } = frozen(durationMs)
  return await closedLoop(order, arrivalsMs.length, signal)
}

/** It freezes at the call in the middle. */
function frozen(durationMs: number) {
  const random = randomStream(freezeSeed, 'theory/arrivals')
  const arrivalsMs = poissonArrivals(freezeRate, durationMs, random)
  const id = Math.floor(arrivalsMs.length / 2)
  const order: QueueOrder = { servicesMs: new Float64Array(), freeze: { id, ms: freezeMs } }
  return { arrivalsMs, order, id }
}

type Plan = { readonly seed: number; readonly ratePerSecond: number; readonly durationMs: number }

async function loaded(
  order: QueueOrder,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ readonly measured: QueueFigures; readonly lateP99Ms: number }> {
  return await serving(order, signal, async (url) => {
    const { result } = await generateLoad(
      {
        ...{ kind: 'open-loop', url, workload, facts, stream: 'theory', ...plan },
        ...{ warmupMs: 0, maxInFlight: 2_000, timeoutMs: 60_000, idleMs: [] },
      },
      { signal },
    )
    const all = Latencies.empty()
    let failed = 0
    for (const { histogram, meanMs, sent, succeeded } of Object.values(result.classes)) {
      all.add(Latencies.decode(histogram, meanMs))
      failed += sent - succeeded
    }
    if (failed > 0) throw new Error(`${failed} calls failed`)
    const measured = { meanMs: all.meanMs, p99Ms: all.percentileMs(99) }
    return { measured, lateP99Ms: result.lateness.p99Ms }
  })
}

/** One client that asks again once it was answered, counting from when it asked. */
async function closedLoop(
  order: QueueOrder,
  calls: number,
  signal: AbortSignal,
): Promise<QueueFigures> {
  return await serving(order, signal, async (url) => {
    const pool = new Pool(url, { connections: 1 })
    const latencies = new Float64Array(calls)
    try {
      for (let id = 0; id < calls; id += 1) {
        const startMs = performance.now()
        const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_chainId', params: [] })
        const answer = await pool.request({ method: 'POST', path: '/', body, signal })
        await answer.body.dump()
        latencies[id] = performance.now() - startMs
      }
    } finally {
      await pool.destroy()
    }
    return figuresOf(latencies)
  })
}

async function serving<Result>(
  order: QueueOrder,
  signal: AbortSignal,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const child = fork(new URL('./queue-server.ts', import.meta.url), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  try {
    child.send(order)
    const [port]: unknown[] = await once(child, 'message', { signal })
    return await use(`http://127.0.0.1:${Number(port)}`)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}
