import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import { SharedCapacity, sharedCapacityDefaults } from '../state/shared-capacity.ts'
import { Cheapest } from './cheapest.ts'
import { InFlight, Unmetered } from './in-flight.ts'
import type { LoadMeter } from './meter.ts'
import type { Picker } from './picker.ts'
import { PredictedState } from './predicted-state.ts'
import { ReportedNorm } from './reported-norm.ts'
import { Rotate } from './rotate.ts'

/** What a meter may know of the upstream it measures. */
export type MeterOptions = {
  readonly clock: Clock
  /** Cores the operator declared for the node, or null: then its agent says, or 1 is assumed. */
  readonly cores: number | null
}

/** A strategy is what one more call would cost on a node × how to choose among costs. */
export type Strategy = {
  /** One for each upstream. */
  readonly meter: (options: MeterOptions) => LoadMeter
  /** One for the fleet. */
  readonly picker: (rng: Rng) => Picker
}

const unmetered = () => new Unmetered()
const inFlight = () => new InFlight()
const reportedNorm = () => new ReportedNorm()
const predictedState = ({ clock, cores }: MeterOptions) => {
  const options = cores === null ? sharedCapacityDefaults : { ...sharedCapacityDefaults, cores }
  return new PredictedState(new SharedCapacity(options), clock)
}
const rotate = () => new Rotate()
const cheapest = (rng: Rng) => new Cheapest(rng)

/** Every strategy by the name that users give it. */
export const strategies = {
  'round-robin': { meter: unmetered, picker: rotate },
  'least-connection': { meter: inFlight, picker: cheapest },
  'nearest-origin': { meter: reportedNorm, picker: cheapest },
  'state-space': { meter: predictedState, picker: cheapest },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof strategies

export const strategyNames = Object.keys(strategies) as readonly StrategyName[]

export const defaultStrategy: StrategyName = 'state-space'

/** Whether `name` is one of {@link strategyNames}. */
export function isStrategyName(name: string): name is StrategyName {
  return Object.hasOwn(strategies, name)
}
