import { execFileSync } from 'node:child_process'
import { constants, setPriority } from 'node:os'

/**
 * Makes this process go before what it measures. On two cores taken by nodes at work the pacing thread
 * is 15 ms late at p99, 3.2 ms with the highest niceness, 0.25 ms in a real-time class (util-linux's
 * `chrt`). Threads made later inherit the class. Only the superuser may; lateness is reported in any
 * case.
 */
export function hurry(): void {
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
