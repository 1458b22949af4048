import {
  parseStrategy,
  type StrategyChoice,
  StrategyError,
  strategyNames,
  strategyText,
} from '../../proxy/index.ts'
import { FlagReader } from '../flags.ts'
import type { Cluster } from './cluster.ts'
import { holdoutClusters } from './holdout.ts'
import { realClusters } from './real-clusters.ts'
import type { StudyPlan } from './study.ts'
import { studyClusters } from './study-clusters.ts'

/** The flags of `simulate` as typed. */
export type StudyFlags = {
  readonly scenario?: string
  readonly holdout?: string
  readonly strategies?: string
  readonly load?: string
  readonly knownCosts?: boolean
  readonly seeds?: string
  readonly firstSeed?: string
  readonly seconds?: string
  readonly warmup?: string
  readonly json?: string
  readonly html?: string
}

/** A checked command line of `simulate`. */
export type StudyConfig = {
  readonly plan: StudyPlan
  readonly isHoldout: boolean
  readonly json: string | null
  readonly html: string | null
}

/** What holds without a flag, as it would be typed. */
export const studyDefaults = {
  scenario: 'hetero',
  strategies: 'all',
  seeds: '5',
  holdoutSeeds: '3',
  firstSeed: '1',
  seconds: '50',
  holdoutSeconds: '35',
  warmup: '25',
} as const

/** Every cluster that has a name. */
export const namedClusters: readonly Cluster[] = [...studyClusters, ...realClusters]

/** Checks the flags. @throws UsageError with every problem */
export function parseStudy(flags: StudyFlags): StudyConfig {
  const read = new FlagReader()
  const isHoldout = flags.holdout !== undefined
  if (isHoldout && flags.scenario !== undefined) read.refuse('--holdout: not with --scenario')
  if (isHoldout && flags.load !== undefined) read.refuse('--load: not with --holdout')
  const seedCount = flags.seeds ?? (isHoldout ? studyDefaults.holdoutSeeds : studyDefaults.seeds)
  const seeds = read.whole('--seeds', seedCount, 1, 1000)
  const first = read.whole('--first-seed', flags.firstSeed ?? studyDefaults.firstSeed, 0, 2 ** 40)
  const seconds =
    flags.seconds ?? (isHoldout ? studyDefaults.holdoutSeconds : studyDefaults.seconds)
  const clusters =
    flags.holdout === undefined
      ? readClusters(flags, read)
      : holdoutClusters(read.whole('--holdout', flags.holdout, 1, 1000) || 0, first || 0)
  const knowsCosts = flags.knownCosts ?? false
  const plan: StudyPlan = {
    clusters: clusters.map((cluster) => ({ ...cluster, knowsCosts })),
    choices: readChoices(flags.strategies ?? studyDefaults.strategies, read),
    seeds: Array.from({ length: seeds || 0 }, (_, i) => first + i),
    span: {
      measuredMs: 1000 * read.number('--seconds', seconds, 1, 3600),
      warmupMs: 1000 * read.number('--warmup', flags.warmup ?? studyDefaults.warmup, 0, 3600),
    },
  }
  read.close()
  return { plan, isHoldout, json: flags.json ?? null, html: flags.html ?? null }
}

function readClusters({ scenario, load }: StudyFlags, read: FlagReader): readonly Cluster[] {
  const list = scenario ?? studyDefaults.scenario
  const names =
    list === 'all' ? namedClusters.map(({ name }) => name) : read.names('--scenario', list)
  const found = names.flatMap((name) => {
    const cluster = namedClusters.find((each) => each.name === name)
    if (cluster !== undefined) return [cluster]
    const known = namedClusters.map((each) => each.name).join(', ')
    read.refuse(`--scenario ${name}: want some of ${known}, or all`)
    return []
  })
  if (load === undefined) return found
  const given = read.number('--load', load, 0.01, 2)
  return found.map((cluster) => ({ ...cluster, load: given }))
}

/** Names or choices with parts, as `state-space:hold=off`, commas between. */
export function readChoices(list: string, read: FlagReader): readonly StrategyChoice[] {
  const texts = list === 'all' ? strategyNames : read.items('--strategies', list)
  const choices = texts.flatMap((text) => {
    try {
      return [parseStrategy(text)]
    } catch (error) {
      if (!(error instanceof StrategyError)) throw error
      read.refuse(`--strategies ${text}: ${error.message}`)
      return []
    }
  })
  read.distinct('--strategies', choices.map(strategyText))
  return choices
}
