/**
 * The Open Request Cost Aggregation load report, as Envoy and gRPC read it, with the names of its
 * definition (xds.data.orca.v3.OrcaLoadReport). What is not known is left out. Keys of the maps are
 * letters, digits, `_`, `-` and `.`.
 * @see https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
 */
export type OrcaReport = {
  /** Share of the CPU in use, not negative; may be above 1. */
  readonly cpu_utilization?: number
  /** Share of the memory in use, in [0, 1]. */
  readonly mem_utilization?: number
  /** What decides, as a share, not negative; see `utilizationOf`. */
  readonly application_utilization?: number
  /** Requests and errors a second, not negative. */
  readonly rps_fractional?: number
  readonly eps?: number
  /** Shares by resource, in [0, 1]: our axes under their own names. */
  readonly utilization?: Readonly<Record<string, number>>
  /** Figures of any kind; see `capacityMetrics`. */
  readonly named_metrics?: Readonly<Record<string, number>>
  /** Costs of this request; we write none. */
  readonly request_cost?: Readonly<Record<string, number>>
}
