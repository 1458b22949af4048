import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { RealGroup } from '../real-group.ts'

/** Groups with a process in each, as so many nodes; all of it ours to take down. */
export class Crowd {
  readonly #name = `equipoise-cost-${randomBytes(4).toString('hex')}`
  readonly #groups: RealGroup[] = []
  readonly #children: ChildProcess[] = []
  #closing: Promise<void> | undefined

  /** A group of half a CPU. */
  group(): RealGroup {
    const group = new RealGroup(`${this.#name}/${this.#groups.length}`)
    this.#groups.push(group)
    group.limitCpus(0.5)
    return group
  }

  /** A process in a group: `script` is the shell's. Ends with this process, whatever ends that. */
  run(group: RealGroup | undefined, script: string): number {
    const watched = `(read end; kill 0) <&3 & ${script}`
    const child = spawn('/bin/sh', ['-c', watched], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      detached: true,
    })
    this.#children.push(child)
    if (child.pid === undefined) throw new Error('no process can be started')
    group?.add(child.pid)
    return child.pid
  }

  /** Ends all of them, once, however often it is asked. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    await Promise.all(this.#children.map(end))
    for (const group of this.#groups.reverse()) await removed(group)
  }
}

/** Its whole process group: a shell has children. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exit = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await exit
}

/** The kernel lets go of a group a moment after its last process has ended. */
async function removed(group: RealGroup): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      group.remove()
      return
    } catch (error) {
      if (tries === 250) throw error
      await delay(20)
    }
  }
}
