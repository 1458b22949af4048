import type { Estimate } from '../measure/statistics.ts'

/** What stands where a figure is not known. */
export const unknown = '–'

/** An interval that reaches further than this from its figure tells nothing but that. */
const widestFactor = 1000

/** Milliseconds to three digits or so: `0.84`, `12.3`, `1,450`. */
export function formatMs(ms: number): string {
  return grouped(ms, ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)
}

/** A rate a second. */
export function formatRate(perSecond: number): string {
  return grouped(perSecond, perSecond < 99.95 ? 1 : 0)
}

/** A ratio, `1.00` when there is no difference. */
export function formatRatio(ratio: number): string {
  return grouped(ratio, ratio < 9.995 ? 2 : 1)
}

/** A share in [0, 1] as percent; nothing short of all is called 100 %. */
export function formatPercent(share: number, digits = 1): string {
  const text = grouped(share * 100, digits)
  const isRoundedUp = share < 1 && text === grouped(100, digits)
  return `${isRoundedUp ? `> ${grouped(100 - 10 ** -digits, digits)}` : text} %`
}

/** A figure with its interval in brackets: `12.3 (10.1–14.9)`; one that is not known as a dash. */
export function formatEstimate(figure: Estimate | null, format: (value: number) => string): string {
  if (figure === null) return unknown
  const { value, low, high } = figure
  if (low === null || high === null) return format(value)
  if (high > value * widestFactor) return `${format(value)} (unbounded)`
  // A rate or a latency below 0 is no part of what may be true.
  return `${format(value)} (${format(Math.max(0, low))}–${format(high)})`
}

/** Bytes to two digits or three: `840 B`, `12 kB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)),
  )
  const value = bytes / 1000 ** step
  return `${grouped(value, value < 9.95 && step > 0 ? 1 : 0)} ${units[step]}`
}

/** A moment in UTC to the minute, from ISO 8601. */
export function formatMoment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** A time span: `250 ms`, `6 s`, `2 min`. */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`
  return `${Number((ms / 60_000).toFixed(1))} min`
}

function grouped(value: number, digits: number): string {
  const [whole = '', fraction] = value.toFixed(digits).split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

/** Behind a ratio: which way a difference is shown. */
export const arrows = { lower: ' ↓', higher: ' ↑', none: '' } as const
