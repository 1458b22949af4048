import { burnCode } from './burn.ts'
import { lightRows } from './light-reads.ts'
import { blockNumber, pick, row, type Workload } from './workload.ts'

/** Without stack and storage, an operation is 60 bytes of answer. */
const bareSteps = { disableStack: true, disableStorage: true }

/**
 * What debuggers and tax tools ask: three calls of five run transactions again under a tracer, which
 * takes a node a hundred times as long as a light read, and some answers are large.
 */
export const heavyTraces: Workload = {
  name: 'heavy-traces',
  about: 'transactions, calls and blocks run again under tracers; two calls of five are light',
  classes: ['light', 'heavy'],
  rows: [
    ...lightRows,
    {
      ...row('debug_traceTransaction', 'a mined one, by calls', 'heavy', 35, (facts, random) => [
        pick(facts.transactions, random),
        { tracer: 'callTracer' },
      ]),
      needs: 'transactions',
    },
    {
      ...row(
        'debug_traceTransaction',
        'a mined one, by state before',
        'heavy',
        15,
        (facts, random) => [pick(facts.transactions, random), { tracer: 'prestateTracer' }],
      ),
      needs: 'transactions',
    },
    row('debug_traceCall', '8,000 rounds of work, by calls', 'heavy', 35, () => [
      { data: burnCode(8_000) },
      'latest',
      { tracer: 'callTracer' },
    ]),
    row('debug_traceCall', '300 rounds of work, step by step', 'heavy', 12, () => [
      { data: burnCode(300) },
      'latest',
      bareSteps,
    ]),
    row('debug_traceBlockByNumber', 'a block, by calls', 'heavy', 17, (facts, random) => [
      blockNumber(Math.max(1, facts.firstBlock), facts.lastBlock, random),
      { tracer: 'callTracer' },
    ]),
  ],
}
