import { setTimeout as pause } from 'node:timers/promises'
import type { Fleet } from '../../fleets/fleet.ts'

/** How long a node is dead, or stopped, milliseconds. */
const deadMs = 700
const stoppedMs = 2_000

/**
 * One node after another is killed and started again, or stopped and let go on, until `signal`. One
 * at a time: whatever happens, the others live. In the end all run.
 * @returns what was done, in words
 */
export async function plague(fleet: Fleet, signal: AbortSignal): Promise<readonly string[]> {
  const done: string[] = []
  for (let turn = 0; !signal.aborted; turn += 1) {
    const node = fleet.nodes[turn % fleet.nodes.length]
    const pid = node?.pid() ?? null
    if (node === undefined || pid === null) throw new Error(`${node?.id} does not run`)
    if (turn % 2 === 0) {
      await fleet.kill(node.id)
      done.push(`${node.id} killed`)
      await pause(deadMs)
      await fleet.restart(node.id)
    } else {
      process.kill(pid, 'SIGSTOP')
      done.push(`${node.id} stopped`)
      await pause(stoppedMs)
      process.kill(pid, 'SIGCONT')
    }
  }
  return done
}
