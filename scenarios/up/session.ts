import type { UpOptions } from '../commands/up-flags.ts'
import type { FaultOrder, StackState } from '../control/messages.ts'
import type { Controls } from '../control/server.ts'
import { Faults } from '../faults/faults.ts'
import type { LogPart } from '../fleets/log-ring.ts'
import { type Stack, type StackEvent, startStack } from '../stack.ts'
import { stepLine, timedSteps } from '../steps.ts'
import { welcome } from './welcome.ts'

/** A node that died by itself is started again after this: long enough to be seen missing. */
const restartAfterMs = 3_000

/** A stack that is held up: what happens to it, and what others may ask of it. */
export class UpSession implements Controls {
  readonly #options: UpOptions
  readonly #say: (text: string) => void
  readonly #end: (exitCode: number) => void
  readonly #startedAt = new Date()
  readonly #timers = new Set<NodeJS.Timeout>()
  #starting: Promise<Stack> | null = null
  #stack: Stack | null = null
  #faults: Faults | null = null
  #welcome = ''
  #isEnding = false

  /** @param end is told the exit code when it cannot go on, or is asked to end */
  constructor(options: UpOptions, say: (text: string) => void, end: (exitCode: number) => void) {
    this.#options = options
    this.#say = say
    this.#end = end
  }

  /** Starts all of it, each step with its time. @throws Error in one line; nothing is left then */
  async start(folder: string): Promise<Stack> {
    const { client, nodes } = this.#options
    const beganMs = performance.now()
    this.#say(`starting ${nodes} ${client} ${nodes === 1 ? 'node' : 'nodes'}, agent and proxy …`)
    const { steps } = timedSteps(
      () => {},
      (step) => this.#say(stepLine(step)),
    )
    const onEvent = (event: StackEvent) => this.#happened(event)
    this.#starting = startStack({ ...this.#options, folder, onEvent, steps })
    const stack = await this.#starting
    this.#stack = stack
    this.#faults = new Faults(stack.fleet, stack.reaper, this.#say)
    this.#welcome = welcome(stack, (performance.now() - beganMs) / 1000)
    return stack
  }

  state(): StackState {
    const stack = this.#stack
    return {
      name: this.#options.name,
      pid: process.pid,
      state: this.#isEnding ? 'ending' : this.#welcome === '' ? 'starting' : 'up',
      settings: JSON.stringify(this.#options),
      startedAt: this.#startedAt.toISOString(),
      welcome: this.#welcome,
      endpoint: stack?.endpoint ?? null,
      adminUrl: stack?.adminUrl ?? null,
      nodes: (stack?.fleet.nodes ?? []).map((node) => ({
        id: node.id,
        url: node.url,
        pid: node.pid(),
        cpus: node.cpus,
        faults: [...(this.#faults?.of(node.id) ?? [])],
      })),
    }
  }

  log(id: string, { last, from }: { readonly last?: number; readonly from?: number }): LogPart {
    const nodes = this.#stack?.fleet.nodes ?? []
    const node = nodes.find((one) => one.id === id)
    if (node === undefined) {
      throw new Error(`there is no node ${id}, only ${nodes.map((one) => one.id).join(', ')}`)
    }
    return from === undefined ? node.log.last(last ?? 0) : node.log.since(from)
  }

  async fault(order: FaultOrder): Promise<string> {
    if (this.#faults === null || this.#isEnding) throw new Error('it is not up (yet, or any more)')
    const done = await this.#faults.order(order)
    this.#say(done)
    return done
  }

  end(): void {
    this.#end(0)
  }

  /** Ends all of it; where it is still starting, its end is waited for all the same. */
  async close(): Promise<void> {
    this.#isEnding = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#faults?.close()
    const stack = await this.#starting?.catch(() => null) // Told by `start`, and nothing is left.
    await stack?.close()
  }

  #happened(event: StackEvent): void {
    const { kind, id, text } = event
    this.#say(text)
    if (kind === 'service-died' || kind === 'diverged') this.#end(1)
    if (kind !== 'node-died' || id === undefined) return
    this.#faults?.nodeDied(id).catch((error: unknown) => this.#say(String(error)))
    if ('asked' in event && event.asked === true) return
    this.#say(`${id} is started again in ${restartAfterMs / 1000} s`)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#restart(id)
    }, restartAfterMs)
    this.#timers.add(timer)
  }

  async #restart(id: string): Promise<void> {
    const fleet = this.#stack?.fleet
    // Others may have started it meanwhile, as `docker restart` does.
    if (fleet?.nodes.find((node) => node.id === id)?.pid() !== null) return
    try {
      await fleet.restart(id)
    } catch (error) {
      this.#say(`${id} could not be started again: ${String(error)}`)
    }
  }
}
