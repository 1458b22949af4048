import { setTimeout as pause } from 'node:timers/promises'
import type { Container } from 'dockerode'

const mostTries = 10
/** Threads that a quota holds up freeze when the next period lets them run. */
const retryMs = 100

/**
 * `docker pause`, again where the kernel did not manage it: under load on cgroup v1 runc gives up
 * after some milliseconds with "unable to freeze" and leaves the rest to its caller.
 * @throws Error of the daemon: for anything else at once, for this after ten tries
 * @see https://github.com/opencontainers/runc/pull/4388
 */
export async function freezeContainer(container: Pick<Container, 'pause'>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await container.pause()
      return
    } catch (error) {
      if (tries === mostTries || !String(error).includes('unable to freeze')) throw error
    }
    await pause(retryMs)
  }
}
