import type { Rules } from '../config.ts'

/** By which rules a trial counts. @param isOurs whether the machine's CPU can be accounted for */
export function rulesInWords(rules: Rules, isOurs: boolean): string {
  const { mostForeignCores, mostLateMs, mostBusyShare, mostTries, keepsDisturbed } = rules
  const foreign = isOurs ? `with more than ${mostForeignCores} cores of foreign CPU, or ` : ''
  const again =
    mostTries === 1
      ? 'does not count'
      : `does not count and is made again, ${mostTries} times in all`
  const last = keepsDisturbed ? `; try ${mostTries} counts in any case` : ''
  return `A trial ${foreign}in which the generator was more than ${mostLateMs} ms late at p99 or more than ${(100 * mostBusyShare).toFixed(0)} % busy ${again}${last}.`
}
