import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { workloadNamed } from '../workloads/catalogue.ts'
import type { Audit } from '../workloads/script.ts'
import { drawCalls } from '../workloads/workload.ts'
import { arrivalShapes, arrivalsOf } from './arrivals.ts'
import { type SaturationResult, saturate } from './autocannon.ts'
import type { OpenLoopResult } from './book.ts'
import { keepToOwnCore } from './cores.ts'
import type { GeneratorMessage, OpenLoopPlan, SaturationPlan } from './generator.ts'
import { hurry } from './hurry.ts'
import { LargeAnswers } from './large-answers.ts'
import { OpenLoop, type OpenLoopOptions } from './open-loop.ts'
import { randomStream } from './random.ts'
import { type Session, SessionLoop } from './sessions.ts'

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
    keepToOwnCore()
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
  const { url, seed, stream, ratePerSecond, warmupMs, durationMs, rowsAlone = false } = plan
  const workload = workloadNamed(plan.workload)
  const { sessions, script, callsPerArrival = 1 } = workload
  const { signal } = new AbortController()
  const arrivalsPerSecond =
    sessions === undefined || rowsAlone ? ratePerSecond : ratePerSecond / callsPerArrival
  const shape = plan.arrivals ?? workload.arrivals ?? arrivalShapes.poisson
  const random = randomStream(seed, `${stream}/arrivals`)
  const recorded = rowsAlone ? undefined : workload.recordedMs
  const endMs = warmupMs + durationMs
  const arrivalsMs =
    recorded?.filter((atMs) => atMs < endMs) ?? arrivalsOf(shape, arrivalsPerSecond, endMs, random)
  const context = {
    ...{ url: url.replace(/^ws/, 'http'), facts: plan.facts, seed, stream },
    ...{ arrivalsMs, signal },
  }
  const common = {
    ...{ arrivalsMs, classes: workload.classes, warmupMs, durationMs, signal },
    ...{ maxInFlight: plan.maxInFlight, timeoutMs: plan.timeoutMs, idleMs: plan.idleMs },
    onWindow: (phase: 'begin' | 'end') => {
      if (phase === 'begin') usage.begin()
      else usage.end()
      say({ type: 'window', phase })
    },
  }
  if (sessions !== undefined && !rowsAlone) {
    const clients = await sessions(context)
    if (ratePerSecond <= hurriedRate) hurry()
    const play = (session: Session) => clients.play(session)
    const result = await new SessionLoop({ ...common, url: url.replace(/^http/, 'ws'), play }).run()
    return { result, audit: await clients.finish(signal) }
  }
  const written = script === undefined || rowsAlone ? null : await script(context)
  const drawn = drawCalls(workload, plan.facts, randomStream(seed, `${stream}/calls`))
  if (written === null)
    return { result: await loadDrawn({ ...common, url, nextCall: drawn }, plan), audit: null }
  if (ratePerSecond <= hurriedRate) hurry()
  const result = await new OpenLoop({
    ...common,
    url,
    nextCall: () => written.next(),
    onSettled: (call, settled) => written.settled(call, settled),
  }).run()
  return { result, audit: await written.finish(signal) }
}

/** Calls of which nobody needs the results. */
async function loadDrawn(
  options: OpenLoopOptions,
  { ratePerSecond }: OpenLoopPlan,
): Promise<OpenLoopResult> {
  const large = new LargeAnswers()
  try {
    // At a high rate it would take a core from the nodes for itself.
    if (ratePerSecond <= hurriedRate) hurry()
    return await new OpenLoop({ ...options, large }).run()
  } finally {
    await large.close()
  }
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

function say(message: GeneratorMessage): void {
  process.send?.(message)
}
