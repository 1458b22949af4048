/** The public face of the proxy: what other programs of this package may import. */
export { defaultStrategy, type StrategyName, strategyNames } from './balance/strategies.ts'
export { type Config, ConfigError, configKeys, parseConfig } from './config.ts'
export { failures } from './errors.ts'
export { metricNames } from './metrics/metrics.ts'
export { createProxy, type Proxy } from './proxy.ts'
