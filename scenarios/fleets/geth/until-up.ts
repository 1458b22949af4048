import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from './engine.ts'

const pollMs = 25

/**
 * Asks a node that starts again and again, and closes `engine` at the end.
 * @returns null when it answers; how the last try ended, in words, when time is up or `signal` aborts
 */
export async function untilUp(
  engine: Engine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly how: string } | null> {
  const untilMs = performance.now() + timeoutMs
  try {
    for (;;) {
      try {
        await engine.head()
        return null
      } catch (error) {
        if (signal.aborted || performance.now() > untilMs) return { how: String(error) }
      }
      await pause(pollMs)
    }
  } finally {
    await engine.close()
  }
}
