import { Latencies } from '../../measure/latencies.ts'
import { parseResults, type Results, readResults, type Trial } from '../results.ts'

/** For each contender the latency of all its calls in each repeat, milliseconds. */
export type Levels = { readonly [contender: string]: readonly number[] }

const template = await readResults(new URL('../golden/results.json', import.meta.url).pathname)

/** A run of one cell with these latencies. @param success of each contender, 1 where absent */
export function resultsOf(
  levels: Levels,
  success: { readonly [name: string]: number } = {},
): Results {
  const names = Object.keys(levels)
  const repeats = Math.max(...Object.values(levels).map((values) => values.length))
  return parseResults({
    ...template,
    parameters: { ...template.parameters, contenders: names, baseline: names[0], repeats },
    trials: names.flatMap((name) =>
      (levels[name] ?? []).map((ms, repeat) => trial(name, repeat, ms, success[name] ?? 1)),
    ),
  })
}

function trial(contender: string, repeat: number, ms: number, success: number): Trial {
  const latencies = Latencies.empty()
  for (let i = 0; i < 100; i += 1) latencies.record(ms)
  return trialOf(contender, repeat, latencies, Math.round(100 / success) - 100)
}

/** A trial of light calls alone that took so long. @param failed calls that had no answer */
export function trialOf(
  contender: string,
  repeat: number,
  latencies: Latencies,
  failed = 0,
): Trial {
  const { count, meanMs } = latencies
  const light = {
    ...{ sent: count + failed, succeeded: count, inWindow: count, slowdown: null },
    ...{ failures: failed > 0 ? { timeout: failed } : {} },
    ...{ meanMs, histogram: latencies.encoded() },
  }
  const [like] = template.trials
  if (like === undefined) throw new Error('the template has no trial')
  return { ...like, contender, repeat, classes: { light } }
}
