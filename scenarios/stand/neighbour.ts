import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { CpuGroup } from '../cgroup.ts'
import { randomStream, shuffled } from '../load/random.ts'
import type { Reaper } from '../reaper.ts'

/** Share of a quota that it takes. */
const share = 0.65
/** It stays with a node for so long. */
const stayMs = 4_000
/** Of its bursts, as `neighbour-process.ts` has it. */
const periodMs = 10

/** A process that eats up part of one node's quota from within, each 4 s another's. */
export class Neighbour {
  readonly #child: ChildProcess
  readonly #groups: readonly CpuGroup[]
  readonly #onSpoilt: (text: string) => void
  #timer: NodeJS.Timeout | null = null
  #isClosing = false

  private constructor(
    child: ChildProcess,
    groups: readonly CpuGroup[],
    onSpoilt: (text: string) => void,
  ) {
    this.#child = child
    this.#groups = groups
    this.#onSpoilt = onSpoilt
    child.once('exit', () => {
      if (!this.#isClosing) onSpoilt('the neighbour has ended')
    })
  }

  /**
   * Starts it idle.
   * @param groups the nodes', at least one
   * @param onSpoilt it is gone, or cannot be moved, for the reason given
   */
  static async start(
    groups: readonly CpuGroup[],
    reaper: Reaper,
    onSpoilt: (text: string) => void,
  ): Promise<Neighbour> {
    const child = fork(new URL('./neighbour-process.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const { pid } = child
    if (pid !== undefined) reaper.watch(pid)
    child.once('exit', () => {
      if (pid !== undefined) reaper.unwatch(pid)
    })
    await once(child, 'message')
    return new Neighbour(child, groups, onSpoilt)
  }

  /**
   * Begins to take CPU, now and until {@link rest}: the same nodes in the same order for the same seed.
   * @throws Error when it cannot be moved into a node's group
   */
  async begin(seed: number): Promise<void> {
    const order = shuffled(this.#groups, randomStream(seed, 'neighbour'))
    let next = 0
    const move = async (): Promise<void> => {
      const group = order[next % order.length]
      next += 1
      const { pid } = this.#child
      if (group === undefined || pid === undefined) return
      await group.add(pid)
      this.#child.send(share * group.cpus * periodMs)
    }
    await move()
    this.#timer = setInterval(() => {
      move().catch((error: unknown) => this.#onSpoilt(`the neighbour: ${String(error)}`))
    }, stayMs)
  }

  /** Takes nothing until it begins again. */
  rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    if (this.#child.connected) this.#child.send(0)
  }

  /** Ends it. Resolves when it is out of all groups. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
