import { strategyNames } from '../../proxy/index.ts'
import { FlagReader } from '../flags.ts'
import { profiles } from './profiles.ts'
import type { TrialOptions } from './trial.ts'
import { trialClients } from './trial-fleet.ts'

/** What a trial is when no flag says otherwise. */
export const trialDefaults = {
  profile: 'equal,hetero,neighbour,both,disk',
  load: '0.7',
  seeds: '5',
  seconds: '20',
  warmup: '8',
  strategies: 'weighted-least-connection,least-connection,state-space',
  foreign: '0.12',
  late: '6',
  drops: '4',
} as const

/** Flags as commander leaves them. */
export type TrialFlags = {
  readonly [name in keyof typeof trialDefaults]: string
} & {
  readonly client: string
  readonly baseline?: string
  readonly budget?: string
  readonly out: string
  readonly once?: boolean
}

const preferredBaseline = 'weighted-least-connection'

/** @throws UsageError with all that is wrong */
export function parseTrial(flags: TrialFlags): Omit<TrialOptions, 'tell' | 'signal'> {
  const reader = new FlagReader()
  const strategies = reader.names('--strategies', flags.strategies)
  for (const text of strategies) {
    // Parts after a colon are the proxy's to know.
    reader.oneOf('--strategies', text.split(':')[0] ?? '', strategyNames)
  }
  const preferred = strategies.includes(preferredBaseline) ? preferredBaseline : strategies[0]
  const baseline = flags.baseline ?? preferred ?? ''
  reader.oneOf('--baseline', baseline, strategies)
  const named = reader.oneOf('--client', flags.client, trialClients)
  const options = {
    client: trialClients.find((name) => name === named) ?? 'geth',
    directory: reader.directory('--out', flags.out),
    profiles: reader.names('--profile', flags.profile).map((name) => {
      return reader.oneOf('--profile', name, profiles.keys())
    }),
    loads: reader.names('--load', flags.load).map((text) => reader.number('--load', text, 0.05, 1)),
    seeds: seedsOf(reader, flags.seeds),
    strategies,
    baseline,
    durationMs: 1_000 * reader.number('--seconds', flags.seconds, 1, 600),
    warmupMs: 1_000 * reader.number('--warmup', flags.warmup, 0, 120),
    mostForeignCores: reader.number('--foreign', flags.foreign, 0, 1_024),
    mostLateMs: reader.number('--late', flags.late, 0, 60_000),
    mostDrops: reader.whole('--drops', flags.drops, 1, 100),
    isOnce: flags.once === true,
    budgetMs:
      flags.budget === undefined ? null : reader.durationMs('--budget', flags.budget, 1_000),
  }
  reader.close()
  return options
}

/** `5` is 1 to 5, `11-14` is 11 to 14, `7-7` is 7. */
function seedsOf(reader: FlagReader, text: string): readonly number[] {
  const [from, to] = text.includes('-') ? text.split('-', 2) : ['1', text]
  const first = reader.whole('--seeds', from ?? '', 1, 1e9)
  const last = reader.whole('--seeds', to ?? '', 1, 1e9)
  if (!(last >= first && last - first < 1_000)) {
    reader.refuse(`--seeds ${text}: want a number, or a range such as 11-14`)
    return []
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
