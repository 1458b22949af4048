import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { judge } from '../load/answer.ts'
import { randomStream } from '../load/random.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import { callOf, type Workload } from '../workloads/workload.ts'
import { quantile } from './statistics.ts'

const warmCalls = 2
const timedCalls = 7
/** The node rests this many times as long as it worked, so that no quota is used up. */
const restFactor = 3
const timeoutMs = 20_000

/**
 * What a call of each row of a workload takes on a node that does nothing else: median of seven, one
 * after the other on one connection, milliseconds.
 * @returns by row; null where the node has no good answer
 */
export async function idleTimes(
  url: string,
  workload: Workload,
  facts: ChainFacts,
  seed: number,
  signal: AbortSignal,
): Promise<readonly (number | null)[]> {
  const random = randomStream(seed, 'idle')
  const dispatcher = new Agent({
    connections: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  try {
    const times: (number | null)[] = []
    for (const row of workload.rows) {
      const own: number[] = []
      for (let i = 0; i < warmCalls + timedCalls; i += 1) {
        const { method, params } = callOf(workload, row, facts, random)
        const body = JSON.stringify({ jsonrpc: '2.0', id: i, method, params })
        const headers = { 'content-type': 'application/json' }
        const startMs = performance.now()
        const answer = await request(url, { method: 'POST', dispatcher, headers, body, signal })
        const bytes = Buffer.from(await answer.body.arrayBuffer())
        const tookMs = performance.now() - startMs
        const isGood = judge({ status: answer.statusCode, body: bytes }, i) === null
        if (isGood && i >= warmCalls) own.push(tookMs)
        await pause(restFactor * tookMs, undefined, { signal })
      }
      const sorted = own.toSorted((one, other) => one - other)
      times.push(sorted.length === 0 ? null : Number(quantile(sorted, 0.5).toPrecision(4)))
    }
    return times
  } finally {
    await dispatcher.destroy()
  }
}
