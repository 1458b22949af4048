import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { sampleFleet, sampleNode } from '../admin/test/sample-fleet.ts'
import { systemClock } from '../clock.ts'
import { Contracts } from '../contracts.ts'
import { CallStats } from '../stats/call-stats.ts'
import { Counts } from '../stats/counts.ts'
import { Histogram } from '../stats/histogram.ts'
import { Metrics, metricNames } from './metrics.ts'
import type { NodeMetrics, Sources } from './sources.ts'

const transfer = `0x${'ab'.repeat(20)}a9059cbb`

test('promtool finds nothing to say about a scrape', async (t: TestContext) => {
  const text = await scrape(t, sources())
  const run = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  if (run.error !== undefined) {
    t.skip(`promtool (Debian's package prometheus) does not run here: ${run.error.message}`)
    return
  }
  t.assert.equal(run.stdout + run.stderr, '')
  t.assert.equal(run.status, 0)
})

test('a scrape shows every metric of the table, and each has samples', async (t: TestContext) => {
  const lines = (await scrape(t, sources())).split('\n')
  for (const name of metricNames) {
    t.assert.ok(
      lines.some(
        (line) =>
          line.startsWith(`${name}{`) ||
          line.startsWith(`${name} `) ||
          line.startsWith(`${name}_count`),
      ),
      name,
    )
  }
})

test('a histogram adds up its lower buckets and ends with its count', async (t: TestContext) => {
  const calls = new CallStats(['eth_call'])
  for (const seconds of [0.0005, 0.002, 0.002, 40]) calls.record('eth_call', 'ok', seconds)
  const lines = seriesOf(await scrape(t, sources({ calls })), 'equipoise_request_duration_seconds')
  t.assert.equal(
    lines[0],
    'equipoise_request_duration_seconds_bucket{method="eth_call",le="0.001"} 1',
  )
  t.assert.equal(
    lines[1],
    'equipoise_request_duration_seconds_bucket{method="eth_call",le="0.0025"} 3',
  )
  t.assert.deepEqual(lines.slice(-4), [
    'equipoise_request_duration_seconds_bucket{method="eth_call",le="30"} 3',
    'equipoise_request_duration_seconds_bucket{method="eth_call",le="+Inf"} 4',
    'equipoise_request_duration_seconds_sum{method="eth_call"} 40.0045',
    'equipoise_request_duration_seconds_count{method="eth_call"} 4',
  ])
})

test('a method that is not known and a code too many have no series of their own', async (t: TestContext) => {
  const calls = new CallStats(['eth_call'])
  for (let i = 0; i < 500; i += 1) calls.record(`attack_${i}`, `${i}`, 0.01)
  const lines = seriesOf(await scrape(t, sources({ calls })), 'equipoise_requests_total')
  t.assert.equal(lines.length, 17)
  t.assert.equal(lines.at(-1), 'equipoise_requests_total{method="other",code="other"} 484')
})

test('functions of contracts have series of their own, under names that ABIs give them, and so has the rest', async (t: TestContext) => {
  const calls = new CallStats([])
  for (let n = 0; n < 1_000; n += 1) {
    const callee = `0x${'cd'.repeat(20)}${n.toString(16).padStart(8, '0')}`
    calls.contracts.record(callee, false, true, 4, n)
  }
  calls.contracts.record(transfer, false, false, 4, 1_000)
  const names = {
    signatureOf: (selector: string) => (selector === '0xa9059cbb' ? 'transfer(address)' : null),
    contractOf: () => null,
  }
  const contracts = new Contracts(calls.contracts, systemClock, names)
  const lines = seriesOf(
    await scrape(t, sources({ calls, contracts })),
    'equipoise_contract_calls_total',
  )
  t.assert.equal(lines.length, 257)
  const label = `contract="0x${'ab'.repeat(20)}",function="transfer(address)"`
  t.assert.ok(lines.includes(`equipoise_contract_calls_total{${label}} 1`), lines.join())
  t.assert.equal(
    lines.at(-1),
    'equipoise_contract_calls_total{contract="other",function="other"} 745',
  )
})

test('what is unknown of a node has no sample, and is not 0', async (t: TestContext) => {
  const silent = sampleNode('silent', {
    head: null,
    lagBlocks: null,
    reported: null,
    rung: null,
    distance: null,
    capacity: null,
  })
  const text = await scrape(t, sources({ snapshot: () => sampleFleet([silent]), nodes: () => [] }))
  const about = text.split('\n').filter((line) => line.includes('node="silent"'))
  t.assert.deepEqual(
    about.map((line) => line.slice(0, line.indexOf('{'))),
    [
      'equipoise_upstream_requests_total',
      'equipoise_upstream_in_flight',
      'equipoise_upstream_up',
      'equipoise_upstream_draining',
      'equipoise_upstream_breaker_state',
    ],
  )
})

test('a node that left is not in the next scrape', async (t: TestContext) => {
  let nodes = [sampleNode('a'), sampleNode('b')]
  const metrics = new Metrics(sources({ snapshot: () => sampleFleet(nodes), nodes: () => [] }))
  t.after(() => metrics.close())
  t.assert.match(await metrics.render(), /node="b"/)
  nodes = [sampleNode('a')]
  t.assert.doesNotMatch(await metrics.render(), /node="b"/)
})

async function scrape(t: TestContext, from: Sources): Promise<string> {
  const metrics = new Metrics(from)
  t.after(() => metrics.close())
  return await metrics.render()
}

function sources(but: Partial<Sources> = {}): Sources {
  const calls = new CallStats(['eth_call', 'eth_blockNumber'])
  calls.record('eth_call', 'ok', 0.012)
  calls.record('eth_call', '-32000', 0.5)
  calls.shed.add('queue_full')
  calls.batches.observe(7)
  calls.retries += 1
  calls.contracts.record(transfer, true, false, 4, 1)
  return {
    snapshot: () =>
      sampleFleet([sampleNode('geth-a'), sampleNode('odd "name"\\', { health: 'down' })]),
    nodes: () => [nodeMetrics('geth-a'), nodeMetrics('odd "name"\\')],
    agents: () => [
      { host: 'host-1', up: true, reportAgeMs: 130, reports: 40, gaps: 1, refused: 2 },
    ],
    pushes: () => [['replayed', 3]],
    decisions: () => new Map([['state-space', 250]]),
    held: new Histogram(),
    calls,
    contracts: new Contracts(calls.contracts, systemClock),
    ledger: { journal: { countByState: () => [['pending', 3]], isBehind: false }, offered: 4 },
    streams: {
      filters: { live: [['logs', 2]], ended: [['expired', 1]] },
      subscriptions: { live: [['newHeads', 3]], cutOff: [['slow', 1]], load: { feeds: 1 } },
      gaps: 0,
    },
    ...but,
  }
}

function nodeMetrics(id: string): NodeMetrics {
  const durations = new Histogram()
  durations.observe(0.02)
  const errors = new Counts(4)
  errors.add('timeout')
  return { id, durations, errors, load: { taken: 2, refused: 1 } }
}

function seriesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name))
}
