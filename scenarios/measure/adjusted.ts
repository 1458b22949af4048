import { sum } from '../measure/statistics.ts'

/** What a slot is known by here: who, under which conditions, with how much CPU, and what came of it. */
export type Observation<Figure extends string> = {
  readonly strategy: string
  readonly seed: number
  readonly cpuCores: number
} & Readonly<Record<Figure, number>>

/**
 * Ratios to the baseline by least squares on logarithms,
 *
 *     log figure = strategy + seed + slope · CPU used,
 *
 * which takes out that the machine is faster in one minute than in the next: the same calls cost up to
 * a fifth more CPU. Fair as long as no strategy changes the CPU used by itself.
 *
 * @returns ratio and its standard error (of the logarithm) by strategy; null with fewer slots than
 *   unknowns + 2, or when the unknowns cannot be told apart
 */
export function adjustedRatios<Figure extends string>(
  slots: readonly Observation<Figure>[],
  baseline: string,
  figure: Figure,
): ReadonlyMap<string, { readonly value: number; readonly error: number }> | null {
  const rivals = [...new Set(slots.map(({ strategy }) => strategy))].filter((s) => s !== baseline)
  const seeds = [...new Set(slots.map(({ seed }) => seed))]
  const rows = slots.map((slot) => [
    ...rivals.map((rival) => (slot.strategy === rival ? 1 : 0)),
    ...seeds.map((seed) => (slot.seed === seed ? 1 : 0)),
    slot.cpuCores,
  ])
  const width = rivals.length + seeds.length + 1
  if (slots.length < width + 2) return null
  const wanted = slots.map((slot) => Math.log(slot[figure]))
  const normal = Array.from({ length: width }, (_, i) =>
    Array.from({ length: width }, (_unused, j) =>
      sum(rows.map((row) => (row[i] ?? 0) * (row[j] ?? 0))),
    ),
  )
  const inverse = inverseOf(normal)
  if (inverse === null) return null
  const moments = normal.map((_, i) => sum(rows.map((row, k) => (row[i] ?? 0) * (wanted[k] ?? 0))))
  const solution = inverse.map((row) => sum(row.map((factor, i) => factor * (moments[i] ?? 0))))
  const residuals = rows.map(
    (row, k) => (wanted[k] ?? 0) - sum(row.map((x, i) => x * (solution[i] ?? 0))),
  )
  const variance = sum(residuals.map((rest) => rest ** 2)) / (slots.length - width)
  return new Map(
    rivals.map((rival, i) => [
      rival,
      {
        value: Math.exp(solution[i] ?? 0),
        error: Math.sqrt(Math.max(0, variance * (inverse[i]?.[i] ?? 0))),
      },
    ]),
  )
}

/** Gauss and Jordan with the largest pivot; null for a matrix that has no inverse. */
function inverseOf(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] | null {
  const size = matrix.length
  const rows = matrix.map((row, i) => [
    ...row,
    ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
  ])
  for (let column = 0; column < size; column += 1) {
    const candidates = rows.slice(column)
    const best = candidates.reduce((one, other) =>
      Math.abs(other[column] ?? 0) > Math.abs(one[column] ?? 0) ? other : one,
    )
    const pivot = best[column] ?? 0
    if (Math.abs(pivot) < 1e-9) return null
    rows.splice(rows.indexOf(best), 1)
    const scaled = best.map((value) => value / pivot)
    for (const [i, row] of rows.entries()) {
      const factor = row[column] ?? 0
      rows[i] = row.map((value, k) => value - factor * (scaled[k] ?? 0))
    }
    rows.splice(column, 0, scaled)
  }
  return rows.map((row) => row.slice(size))
}
