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

const serviceMs = 20
const freezeMs = 1_000
const freezeRate = 200
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

/** What a server that stands still for a second looks like to this generator, and to a closed loop. */
export async function freezeCheck(
  durationMs: number,
  signal: AbortSignal,
): Promise<{ readonly check: Check; readonly closedLoop: QueueFigures }> {
  const arrivalsMs = poissonArrivals(freezeRate, durationMs, randomStream(1, 'theory/arrivals'))
  const id = Math.floor(arrivalsMs.length / 2)
  const thawMs = (arrivalsMs[id] ?? 0) + freezeMs
  const stood = arrivalsMs.map((dueMs, i) => (i < id || dueMs > thawMs ? 0 : thawMs - dueMs))
  const exact = figuresOf(stood)
  const order = { servicesMs: new Float64Array(), freeze: { id, ms: freezeMs } }
  const plan = { seed: 1, ratePerSecond: freezeRate, durationMs }
  const { measured, lateP99Ms } = await loaded(order, plan, signal)
  const check = {
    name: 'frozen for 1 s',
    calls: arrivalsMs.length,
    theory: exact,
    exact,
    measured,
    lateP99Ms,
  }
  return { check, closedLoop: await closedLoop(order, arrivalsMs.length, signal) }
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
