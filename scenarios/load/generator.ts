import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ChainFacts } from '../workloads/chain.ts'
import type { Audit } from '../workloads/script.ts'
import type { ArrivalShape } from './arrivals.ts'
import type { SaturationResult } from './autocannon.ts'
import type { OpenLoopResult } from './book.ts'

/** What every load needs to know: where to, and which calls. */
export type LoadTarget = {
  readonly url: string
  /** A name of the catalogue. */
  readonly workload: string
  readonly facts: ChainFacts
  readonly seed: number
  /** Names the streams drawn from the seed; equal streams give equal arrivals and arguments. */
  readonly stream: string
  readonly timeoutMs: number
}

export type OpenLoopPlan = LoadTarget & {
  readonly kind: 'open-loop'
  readonly ratePerSecond: number
  readonly warmupMs: number
  readonly durationMs: number
  readonly maxInFlight: number
  /** How calls lie in time, in place of what the workload says. */
  readonly arrivals?: ArrivalShape | null
  /** Draws rows even of a workload with a script: nothing is written. */
  readonly rowsAlone?: boolean
  /** See `BookOptions`; empty when no idle time is known. */
  readonly idleMs: readonly (number | null)[]
}

export type SaturationPlan = LoadTarget & {
  readonly kind: 'saturation'
  readonly connections: number
  readonly durationMs: number
}

/** What one process generated, and what that cost it. */
export type Generated<Result> = {
  readonly result: Result
  /** CPU of the generator's process over the measured window, in cores. */
  readonly cpuCores: number
  /** Share of that time in which its one event loop was busy, in [0, 1]. */
  readonly loopBusy: number
  /** What the workload's script found out in the end; null without one. */
  readonly audit: Audit | null
}

/** What the process says. */
export type GeneratorMessage =
  | { readonly type: 'window'; readonly phase: 'begin' | 'end' }
  | { readonly type: 'done'; readonly generated: Generated<OpenLoopResult | SaturationResult> }
  | { readonly type: 'failed'; readonly message: string }

type Watch = {
  readonly signal: AbortSignal
  /** Called when the measured window begins and ends. */
  readonly onWindow?: (phase: 'begin' | 'end') => void
}

/**
 * Runs an open-loop load in a process of its own, so that nothing its starter does makes it late.
 * @throws Error when the process fails; the signal's reason when aborted
 */
export function generateLoad(plan: OpenLoopPlan, watch: Watch): Promise<Generated<OpenLoopResult>> {
  return run(plan, watch) as Promise<Generated<OpenLoopResult>>
}

/** Runs a closed-loop load in a process of its own; throws as {@link generateLoad} does. */
export function generateSaturation(
  plan: SaturationPlan,
  watch: Watch,
): Promise<Generated<SaturationResult>> {
  return run(plan, watch) as Promise<Generated<SaturationResult>>
}

async function run(
  plan: OpenLoopPlan | SaturationPlan,
  { signal, onWindow }: Watch,
): Promise<Generated<OpenLoopResult | SaturationResult>> {
  signal.throwIfAborted()
  const child = fork(new URL('./generator-process.ts', import.meta.url), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  try {
    return await told(child, plan, onWindow ?? (() => {}))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
    await ended
  }
}

function told(
  child: ChildProcess,
  plan: OpenLoopPlan | SaturationPlan,
  onWindow: (phase: 'begin' | 'end') => void,
): Promise<Generated<OpenLoopResult | SaturationResult>> {
  const { promise, resolve, reject } =
    Promise.withResolvers<Generated<OpenLoopResult | SaturationResult>>()
  child.on('message', (message: GeneratorMessage) => {
    if (message.type === 'window') onWindow(message.phase)
    else if (message.type === 'done') resolve(message.generated)
    else reject(new Error(`load generator: ${message.message}`))
  })
  child.on('error', reject)
  child.on('exit', (code, signal) => {
    reject(new Error(`load generator ended early (${signal ?? `exit code ${code}`})`))
  })
  child.send(plan, (error) => {
    if (error !== null) reject(error)
  })
  return promise
}
