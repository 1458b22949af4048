/** The public face of the scenarios: what a program needs to run a comparison of its own. */
export { type BenchEnd, type BenchSurroundings, bench } from './bench.ts'
export { type BenchConfig, type BenchFlags, parseCompare, parseRun } from './config.ts'
export { type Results, readResults } from './report/results.ts'
export { type Summary, summarize } from './report/summary.ts'
export type { OpenSite, Place, Site } from './site.ts'
