import type { Scale } from './scale.ts'
import { label, line, type Markup } from './svg.ts'

/** Width of every chart in its own units; a page shows it at 0.7 to 1.2 of that. */
export const chartWidth = 440
/** Where the plotted part begins and ends. */
export const plotLeft = 46
export const plotRight = chartWidth - 14

/** The look of one contender in all charts: a place in the palette of the style sheet. */
export function seriesClass(index: number): string {
  return `s${index % paletteSize}`
}

/** Colours (and dashes) that the style sheet knows. */
export const paletteSize = 9

/** Vertical grid lines with their values below, and what they mean in the corner. */
export function bottomAxis(
  scale: Scale,
  top: number,
  bottom: number,
  format: (value: number) => string,
  meaning: string,
  right = plotRight,
): Markup {
  return [
    ...scale.ticks.map((tick) => line(scale.at(tick), top, scale.at(tick), bottom, 'grid')),
    ...scale.ticks.map((tick) =>
      label(scale.at(tick), bottom + 16, format(tick), 'middle', 'tick'),
    ),
    label(right, bottom + 33, meaning, 'end', 'tick'),
  ].join('')
}

/** Horizontal grid lines with their values to the left. */
export function leftAxis(
  scale: Scale,
  format: (value: number) => string,
  right = plotRight,
): Markup {
  return scale.ticks
    .flatMap((tick) => [
      line(plotLeft, scale.at(tick), right, scale.at(tick), 'grid'),
      label(plotLeft - 6, scale.at(tick) + 4, format(tick), 'end', 'tick'),
    ])
    .join('')
}

/** A tick of a latency axis, in milliseconds: `0.5`, `10`, `2k`. */
export function tickMs(ms: number): string {
  return ms >= 1000 ? `${tickPlain(ms / 1000)}k` : tickPlain(ms)
}

/** A tick without idle zeros: `0.2`, `1`, `50`. */
export function tickPlain(value: number): string {
  return String(Number(value.toPrecision(3)))
}
