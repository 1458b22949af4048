/** The public face of the proxy: what other programs of this package may import. */
export { defaultStrategy, type StrategyName, strategyNames } from './balance/strategies.ts'
