import { type Condition, evaluate } from './condition.ts'
import { formatRatio } from './format.ts'
import type { Summary } from './summary.ts'

/** Each condition that holds in some cell, or cannot be worked out there, in words. */
export function evaluateAll(conditions: readonly Condition[], summary: Summary): readonly string[] {
  return conditions.flatMap((condition) =>
    summary.cells.flatMap((cell) => {
      const { left, right, holds } = evaluate(condition, cell)
      if (holds === false) return []
      const where = `${condition.text} in ${cell.cell.id}`
      return holds === null || left === null || right === null
        ? [`failed: ${where} cannot be worked out, for a figure is missing`]
        : [`failed: ${where}: ${formatRatio(left)} against ${formatRatio(right)}`]
    }),
  )
}
