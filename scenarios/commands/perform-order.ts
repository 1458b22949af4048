import { NoStack } from '../control/client.ts'
import { UsageError } from '../flags.ts'

/**
 * Does what a command does, and puts what goes wrong into one line a problem on standard error.
 * @param name of the stack it is about
 * @returns exit code 0, 1 when it failed, 2 for bad usage
 */
export async function performOrder(name: string, work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      for (const problem of error.problems) process.stderr.write(`${problem}\n`)
      return 2
    }
    if (!(error instanceof NoStack)) throw error
    process.stderr.write(
      `${name} is not up: equipoise-bench ps lists what is, --name NAME chooses\n`,
    )
    return 1
  }
}
