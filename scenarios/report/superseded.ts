import type { Results } from './results.ts'

/** A contender that was mended: what was measured of it before says nothing of it as it is. */
type Mended = { readonly contender: string; readonly at: string; readonly what: string }

/** What the published tables leave out; reports of the runs keep it. */
const mended: readonly Mended[] = [
  {
    contender: 'prequal',
    at: '2026-11-23T06:50:00Z',
    what: 'its probes told latencies of any age and that of the node just chosen without the call, and in two runs those of the last second alone, which is worse',
  },
]

/** From then on `state-space` by itself is what it is today: round 15 of the diary, in proxy/state. */
const defaultSince = '2026-11-22T23:20:00Z'

/** Whether the run has the default as it is today. */
export function isOfToday(run: Results): boolean {
  return Date.parse(run.startedAt) >= Date.parse(defaultSince)
}

/** The run without contenders as they were before they were mended. */
export function withoutMended(run: Results): Results {
  const old = mended.filter(({ at }) => Date.parse(run.startedAt) < Date.parse(at))
  if (old.length === 0) return run
  const isOld = (name: string) =>
    old.some(({ contender }) => name === contender || name.startsWith(`${contender}:`))
  return {
    ...run,
    parameters: {
      ...run.parameters,
      contenders: run.parameters.contenders.filter((name) => !isOld(name)),
    },
    trials: run.trials.filter(({ contender }) => !isOld(contender)),
  }
}

/** What is left out and why, in a sentence each. */
export const mendedNote = mended
  .map(({ contender, at, what }) => `\`${contender}\` of runs before ${at} is left out: ${what}.`)
  .join(' ')
