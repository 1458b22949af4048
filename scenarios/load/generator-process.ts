import { execFileSync } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { workloadNamed } from '../workloads/catalogue.ts'
import type { Audit } from '../workloads/script.ts'
import { drawCalls } from '../workloads/workload.ts'
import { arrivalShapes, arrivalsOf } from './arrivals.ts'
import { type SaturationResult, saturate } from './autocannon.ts'
import type { OpenLoopResult } from './book.ts'
import type { GeneratorMessage, OpenLoopPlan, SaturationPlan } from './generator.ts'
import { OpenLoop } from './open-loop.ts'
import { randomStream } from './random.ts'

/** Up to so many calls a second the generator needs a small part of a core only. */
const hurriedRate = 2000

/** What this process used between two moments. */
class Usage {
  #cpu = process.cpuUsage()
  #loop: EventLoopUtilization = performance.eventLoopUtilization()
  #fromMs = performance.now()
  #cores = 0
  #loopBusy = 0

  begin(): void {
    this.#cpu = process.cpuUsage()
    this.#loop = performance.eventLoopUtilization()
    this.#fromMs = performance.now()
  }

  end(): void {
    const { user, system } = process.cpuUsage(this.#cpu)
    this.#cores = (user + system) / 1000 / (performance.now() - this.#fromMs)
    this.#loopBusy = performance.eventLoopUtilization(this.#loop).utilization
  }

  get spent(): { readonly cpuCores: number; readonly loopBusy: number } {
    return { cpuCores: this.#cores, loopBusy: this.#loopBusy }
  }
}

// Ctrl-C reaches the whole group; the starter decides when this process ends.
process.on('SIGINT', () => {})
// A starter that is gone, killed perhaps, takes this process with it.
process.on('disconnect', () => process.exit(1))
process.once('message', (plan: OpenLoopPlan | SaturationPlan) => {
  void carryOut(plan)
})

async function carryOut(plan: OpenLoopPlan | SaturationPlan): Promise<void> {
  const usage = new Usage()
  try {
    const { result, audit } =
      plan.kind === 'open-loop'
        ? await load(plan, usage)
        : { result: await fill(plan, usage), audit: null }
    say({ type: 'done', generated: { result, ...usage.spent, audit } })
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}

async function load(
  plan: OpenLoopPlan,
  usage: Usage,
): Promise<{ readonly result: OpenLoopResult; readonly audit: Audit | null }> {
  const { url, seed, stream, ratePerSecond, warmupMs, durationMs, maxInFlight, timeoutMs } = plan
  const workload = workloadNamed(plan.workload)
  const { signal } = new AbortController()
  const arrivalsMs = arrivalsOf(
    workload.arrivals ?? arrivalShapes.poisson,
    ratePerSecond,
    warmupMs + durationMs,
    randomStream(seed, `${stream}/arrivals`),
  )
  const script =
    workload.script === undefined || plan.rowsAlone === true
      ? null
      : await workload.script({
          ...{ url: url.replace(/^ws/, 'http'), facts: plan.facts, seed, stream },
          ...{ arrivalsMs, signal },
        })
  // At a high rate it would take a core from the nodes for itself.
  if (ratePerSecond <= hurriedRate) hurry()
  const drawn = drawCalls(workload, plan.facts, randomStream(seed, `${stream}/calls`))
  const result = await new OpenLoop({
    url,
    arrivalsMs,
    nextCall: script === null ? drawn : () => script.next(),
    onSettled: (call, settled) => script?.settled(call, settled),
    classes: workload.classes,
    warmupMs,
    durationMs,
    maxInFlight,
    timeoutMs,
    idleMs: plan.idleMs,
    signal,
    onWindow: (phase) => {
      if (phase === 'begin') usage.begin()
      else usage.end()
      say({ type: 'window', phase })
    },
  }).run()
  return { result, audit: script === null ? null : await script.finish(signal) }
}

async function fill(plan: SaturationPlan, usage: Usage): Promise<SaturationResult> {
  const { url, seed, stream, connections, durationMs, timeoutMs } = plan
  const workload = workloadNamed(plan.workload)
  usage.begin()
  say({ type: 'window', phase: 'begin' })
  const result = await saturate({
    url,
    connections,
    durationMs,
    timeoutMs,
    nextCall: drawCalls(workload, plan.facts, randomStream(seed, `${stream}/saturation`)),
    signal: new AbortController().signal,
  })
  usage.end()
  say({ type: 'window', phase: 'end' })
  return result
}

/**
 * Goes before what it measures. On two cores taken by nodes at work the pacing thread is 15 ms late
 * at p99, 3.2 ms with the highest niceness, 0.25 ms in a real-time class (util-linux's `chrt`). Threads
 * made later inherit the class. Only the superuser may; the lateness is reported in any case.
 */
function hurry(): void {
  try {
    execFileSync('chrt', ['--rr', '--pid', '1', String(process.pid)], { stdio: 'ignore' })
    return
  } catch {
    // No `chrt`, or no right to it: the next best.
  }
  try {
    setPriority(constants.priority.PRIORITY_HIGH)
  } catch {
    // No right to that either.
  }
}

function say(message: GeneratorMessage): void {
  process.send?.(message)
}
