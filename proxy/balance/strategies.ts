import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import { Costs } from '../state/costs.ts'
import { NodeObserver } from '../state/node-observer.ts'
import { Cheapest } from './cheapest.ts'
import { HotCold } from './hot-cold.ts'
import { InFlight, Unmetered } from './in-flight.ts'
import { CapacityShare, InFlightShare } from './in-flight-share.ts'
import type { LoadMeter } from './meter.ts'
import { PeakEwma } from './peak-ewma.ts'
import type { Picker } from './picker.ts'
import { PredictedState } from './predicted-state.ts'
import { ProbedLoad } from './probed-load.ts'
import { ReportedNorm } from './reported-norm.ts'
import { Rotate } from './rotate.ts'
import { SmoothRotate } from './smooth-rotate.ts'
import { TwoChoices } from './two-choices.ts'

/** What a meter may know of the upstream it measures. */
export type MeterOptions = {
  readonly clock: Clock
  /** Cores the operator declared for the node, or null: then its agent says, or 1 is assumed. */
  readonly cores: number | null
  /** Which physics `state-space` believes in. */
  readonly observer: ObserverName
  /** What the nodes of a fleet learn together; a node without it learns for itself. */
  readonly costs?: Costs
}

/** A strategy is what one more call would cost on a node × how to choose among costs. */
export type Strategy = {
  /** One for each upstream. */
  readonly meter: (options: MeterOptions) => LoadMeter
  /** One for the fleet. */
  readonly picker: (rng: Rng, clock: Clock) => Picker
  /** Whether heavy calls may wait for a node with room; see the dispatcher. */
  readonly holds: boolean
}

/** Which physics a node is believed to have: `auto` goes by what its agent reports. */
export const observerNames = ['auto', 'processor-sharing', 'quota'] as const
export type ObserverName = (typeof observerNames)[number]

const unmetered = () => new Unmetered()
const capacityShare = ({ cores }: MeterOptions) => new CapacityShare(cores)
const inFlight = () => new InFlight()
const inFlightShare = ({ cores }: MeterOptions) => new InFlightShare(cores)
const peakEwma = ({ clock }: MeterOptions) => new PeakEwma(clock)
const probedLoad = ({ clock }: MeterOptions) => new ProbedLoad(clock)
const reportedNorm = () => new ReportedNorm()
const predictedState = ({ clock, cores, observer, costs = new Costs() }: MeterOptions) =>
  new PredictedState(new NodeObserver({ cores, choice: observer, costs }), clock)
const rotate = () => new Rotate()
const smoothRotate = () => new SmoothRotate()
const cheapest = (rng: Rng) => new Cheapest(rng)
const cheapestNow = (rng: Rng, clock: Clock) => new Cheapest(rng, clock)
const twoChoices = (rng: Rng) => new TwoChoices(rng)
const hotCold = (rng: Rng, clock: Clock) => new HotCold(rng, clock)

const table = {
  'round-robin': { meter: unmetered, picker: rotate, holds: false },
  'weighted-round-robin': { meter: capacityShare, picker: smoothRotate, holds: false },
  'least-connection': { meter: inFlight, picker: cheapest, holds: false },
  'weighted-least-connection': { meter: inFlightShare, picker: cheapest, holds: false },
  'power-of-two': { meter: inFlight, picker: twoChoices, holds: false },
  'peak-ewma': { meter: peakEwma, picker: twoChoices, holds: false },
  prequal: { meter: probedLoad, picker: hotCold, holds: false },
  'nearest-origin': { meter: reportedNorm, picker: cheapest, holds: false },
  'state-space': { meter: predictedState, picker: cheapestNow, holds: true },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof table

/** Every strategy by the name that users give it. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = table

export const strategyNames = Object.keys(strategies) as readonly StrategyName[]

export const defaultStrategy: StrategyName = 'state-space'

/** Whether `name` is one of {@link strategyNames}. */
export function isStrategyName(name: string): name is StrategyName {
  return Object.hasOwn(strategies, name)
}
