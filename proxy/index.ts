/** The public face of the proxy: what other programs of this package may import. */
export type { LoadMeter, Metered } from './balance/meter.ts'
export {
  defaultStrategy,
  type MeterOptions,
  type StrategyName,
  strategies,
  strategyNames,
} from './balance/strategies.ts'
export {
  defaultChoice,
  meterOf,
  parseStrategy,
  type StrategyChoice,
  StrategyError,
  strategyText,
} from './balance/strategy-choice.ts'
export type { Clock } from './clock.ts'
export { type Config, ConfigError, configKeys, parseConfig } from './config.ts'
export { failures } from './errors.ts'
export { metricNames } from './metrics/metrics.ts'
export { createProxy, type Proxy } from './proxy.ts'
export { parseRecordLine, type RecordLine, recordVersion } from './record.ts'
export { type Rng, seededRng } from './rng.ts'
export type { MethodRule } from './rpc/methods/rule.ts'
export { methods, unknownMethod } from './rpc/methods.ts'
export {
  Dispatcher,
  type DispatcherOptions,
  dispatcherDefaults,
  type Refusal,
  type Waiting,
} from './schedule/dispatcher.ts'
export type { Held } from './schedule/held-queue.ts'
export type { Candidate } from './schedule/lanes.ts'
export { Costs } from './state/costs.ts'
export type { Observer } from './state/observer.ts'
export { cpuWork, isLight, type Ticket, type Work, type WorkKind } from './state/work.ts'
