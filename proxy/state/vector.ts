import type { StatePoint } from '../../agents/report.ts'

declare const brand: unique symbol

/** A quantity scaled to [0, 1]: 0 is idle, 1 is saturated. Only {@link unit} makes one. */
export type Unit = number & { readonly [brand]: 'Unit' }

/** Clamps a ratio. What is not a number is taken as saturated: a broken gauge must not attract. */
export function unit(ratio: number): Unit {
  if (Number.isNaN(ratio)) return 1 as Unit
  return Math.min(1, Math.max(0, ratio)) as Unit
}

/**
 * The state x of one node as the proxy believes it. Every field is always there and in this order,
 * so that all vectors share one hidden class; an axis the agent does not report is null.
 */
export type StateVector = {
  /** Share of the window in which some task waited for CPU, disk or memory. Source: agent. */
  readonly cpuPressure: Unit | null
  readonly ioPressure: Unit | null
  readonly memPressure: Unit | null
  /** Use ÷ what the container may use. Source: agent. */
  readonly cpu: Unit | null
  readonly memory: Unit | null
  readonly disk: Unit | null
  readonly network: Unit | null
}

/** A report's point as a vector. */
export function vectorOf(x: StatePoint): StateVector {
  return {
    cpuPressure: axis(x.cpu_pressure),
    ioPressure: axis(x.io_pressure),
    memPressure: axis(x.mem_pressure),
    cpu: axis(x.cpu),
    memory: axis(x.memory),
    disk: axis(x.disk),
    network: axis(x.network),
  }
}

/** The same as a report's point, for those who show it: axes that are not known are left out. */
export function pointOf(x: StateVector): StatePoint {
  return {
    ...(x.cpuPressure === null ? {} : { cpu_pressure: x.cpuPressure }),
    ...(x.ioPressure === null ? {} : { io_pressure: x.ioPressure }),
    ...(x.memPressure === null ? {} : { mem_pressure: x.memPressure }),
    ...(x.cpu === null ? {} : { cpu: x.cpu }),
    ...(x.memory === null ? {} : { memory: x.memory }),
    ...(x.disk === null ? {} : { disk: x.disk }),
    ...(x.network === null ? {} : { network: x.network }),
  }
}

/**
 * Euclidean distance √Σ xᵢ² of the *use* axes (CPU, memory, disk, network) from the idle origin, in
 * [0, 2]: the thesis's state space, whose axes are use over limit. Pressure was not in it. An axis
 * that is not known adds nothing; a vector that knows none is as far as can be.
 */
export function distanceOfUse(x: StateVector): number {
  if (x.cpu === null && x.memory === null && x.disk === null && x.network === null) return 2
  const cpu = x.cpu ?? 0
  const memory = x.memory ?? 0
  const disk = x.disk ?? 0
  const network = x.network ?? 0
  return Math.sqrt(cpu * cpu + memory * memory + disk * disk + network * network)
}

function axis(value: number | undefined): Unit | null {
  return value === undefined ? null : unit(value)
}
