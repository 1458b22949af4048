import type { BenchFlags } from '../config.ts'
import { FlagReader } from '../flags.ts'

/** What a trial of strategies is when no flag says otherwise. */
export const policyDefaults = {
  profile: 'equal,hetero,neighbour,both,disk',
  load: '0.7',
  seeds: '5',
  seconds: '20',
  warmup: '8',
  strategies: 'weighted-least-connection,least-connection,state-space',
  foreign: '0.12',
  late: '6',
  drops: '4',
  out: 'results/policy',
} as const

/** Flags as commander leaves them. */
export type PolicyFlags = { readonly [name in keyof typeof policyDefaults]: string } & {
  readonly client: string
  readonly baseline?: string
  readonly budget?: string
  readonly once?: boolean
  readonly resume?: boolean
}

const preferredBaseline = 'weighted-least-connection'
const mostSeeds = 1_000

/** The same as flags of `compare`. @throws UsageError for seeds that are none */
export function compareFlags(flags: PolicyFlags): BenchFlags {
  const { profile, load, strategies, foreign, late, drops, out } = flags
  const reader = new FlagReader()
  const { seed, repeats } = seedsOf(flags.seeds, reader)
  reader.close()
  const takesPart = strategies.split(',').includes(preferredBaseline)
  const baseline = flags.baseline ?? (takesPart ? preferredBaseline : undefined)
  return {
    ...{ fleet: flags.client, profile, load, strategies, foreign, late, tries: drops },
    ...{ seed: String(seed), repeats: String(repeats), workload: 'geth-reads', timeout: '20s' },
    duration: `${flags.seconds}s`,
    warmup: `${flags.warmup}s`,
    ...(baseline === undefined ? {} : { baseline }),
    ...(flags.budget === undefined ? {} : { budget: flags.budget }),
    ...(flags.once === true ? { once: true } : {}),
    ...(flags.resume === true ? { resume: out } : { out }),
  }
}

/** `5` is 1 to 5, `11-14` is 11 to 14, `7-7` is 7. */
function seedsOf(text: string, reader: FlagReader) {
  const [from = '', to = ''] = text.includes('-') ? text.split('-', 2) : ['1', text]
  const first = reader.whole('--seeds', from, 1, 1e9)
  const last = reader.whole('--seeds', to, 1, 1e9)
  if (!(last >= first && last - first < mostSeeds)) {
    reader.refuse(`--seeds ${text}: want a number, or a range such as 11-14`)
  }
  return { seed: first, repeats: last - first + 1 }
}
