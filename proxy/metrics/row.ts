import type { Histogram } from '../stats/histogram.ts'
import type { Scrape } from './sources.ts'

/** One metric. `read` puts each of its series: the value, then its labels in the row's order. */
export type NumberRow = {
  readonly kind: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (from: Scrape, put: (value: number, ...labels: string[]) => void) => void
}

export type HistogramRow = {
  readonly kind: 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (from: Scrape, put: (value: Histogram, ...labels: string[]) => void) => void
}
