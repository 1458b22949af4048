// biome-ignore-all lint/performance/noBarrelFile: the public face of the package's agent part.
export { type Agent, type AgentOptions, createAgent } from './agent.ts'
export { type AgentConfig, ConfigError } from './config.ts'
export { rows as agentMetricRows } from './metric-rows.ts'
export type { NodeOptions } from './naming.ts'
export {
  type Capacity,
  type Dimension,
  dimensions,
  type NodeReport,
  parseReport,
  type RawFigures,
  type Report,
  ReportError,
  reportVersion,
  type StatePoint,
} from './report.ts'
export type { ContainerOptions } from './watch-list.ts'
