/**
 * One reading of one process and of the group that holds it. What the machine does not tell is
 * absent. Names in `…S` and `…Bytes` and the counts grow from the group's start; `mem…` are now.
 */
export type Sample = {
  /** Monotonic milliseconds at which the figures were read. */
  readonly atMs: number
  /** Grows when the figures begin to come from elsewhere: counters across two epochs differ by nothing. */
  readonly epoch: number
  cpuUsageS?: number
  /** CFS quota: CPU seconds in each period of `periodS` seconds. Both or neither. */
  quotaS?: number
  periodS?: number
  /** Wall clock ms of some start of a CFS period. */
  periodStartMs?: number
  nrPeriods?: number
  nrThrottled?: number
  throttledS?: number
  /** Time in which some task of the group waited for a CPU. */
  cpuPressureS?: number
  /** Time in which all tasks of the group waited for the disk: background work alone does not count. */
  ioPressureS?: number
  /** Time in which some task of the group waited for memory. */
  memPressureS?: number
  /** Time that tasks waited on run queues, summed over tasks: grows by n a second when n wait. */
  runQueueWaitS?: number
  memCurrentBytes?: number
  /** Page cache within `memCurrentBytes`; the kernel takes it back when memory is short. */
  memFileBytes?: number
  /** Reclaimable kernel memory within `memCurrentBytes`. */
  memSlabBytes?: number
  diskBytes?: number
  netBytes?: number
  /** Time in which the busiest disk of the host had requests in flight. */
  hostDiskBusyS?: number
  /** CPU cores that the process may use at most. */
  cpus?: number
  /** Bytes of memory that the process may use at most. */
  memLimitBytes?: number
  /** Bytes a second that the disk lets the group have, as far as it is limited. */
  diskLimitBytesPerS?: number
  /** Time for which that limit of a disk which is used most would have been used whole. */
  diskLimitBusyS?: number
}

/** Fills in the figures that one place of the machine knows. */
export type Gauge = {
  /** @throws ProcessGone when what it reads has ended. */
  read(into: Sample): void
  close(): void
}

/** The figures that move fastest, alone. */
export type Glance = Pick<
  Sample,
  'atMs' | 'epoch' | 'cpuPressureS' | 'ioPressureS' | 'memPressureS' | 'nrPeriods' | 'nrThrottled'
>

/** Where the figures of one process come from. */
export type Source = {
  /** As {@link import('../report.ts').NodeReport.src} names it; may change when the process moves. */
  readonly name: string
  /**
   * The newest reading; undefined before there is any.
   * @throws ProcessGone when the process has ended.
   */
  sample(): Sample | undefined
  /**
   * Pressure now, at a tenth of the cost of a {@link sample}; undefined where nothing tells it so fast.
   * @throws ProcessGone when the group has been removed.
   */
  glance(): Glance | undefined
  close(): void
}

/** What an agent reads processes through. */
export type Machine = {
  /** Undefined when no such process runs. */
  open(pid: number): Source | undefined
  /**
   * Opens the first process of a container, which its engine says is `pid`; that holds for the
   * engine's own host and pid namespace. Undefined when this machine shows no process of it.
   */
  openContainer(id: string, pid: number): Source | undefined
  /** Reads what the processes share; once a tick, before them. */
  refresh(): void
  close(): Promise<void>
}

/** The process, or the group it was read through, is no more. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone'
}
