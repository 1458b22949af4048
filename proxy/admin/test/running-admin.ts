import type { TestContext } from 'node:test'
import { parseStrategy, strategyText } from '../../balance/strategy-choice.ts'
import { type AdminOptions, createAdmin } from '../admin.ts'
import type { ContractSource } from '../contracts.ts'
import type { Ledger } from '../ledger-routes.ts'
import type { ReportSink } from '../report-route.ts'
import type { FleetControl } from '../routes.ts'
import { sampleFleet, sampleNode } from './sample-fleet.ts'

/** Orders that the fleet was given, as `drain a`. */
export type Orders = string[]

/** A fleet of the nodes `a` and `b/c` that writes down what it is told. */
export function obedientFleet(orders: Orders, ready = true): FleetControl {
  const fleet = sampleFleet([sampleNode('a'), sampleNode('b/c')], { ready })
  const order = (verb: string) => (id: string) => {
    const isKnown = fleet.nodes.some((node) => node.id === id)
    if (isKnown) orders.push(`${verb} ${id}`)
    return isKnown
  }
  return {
    snapshot: () => fleet,
    drain: order('drain'),
    resume: order('resume'),
    setStrategy: (value) => {
      const strategy = strategyText(parseStrategy(value))
      orders.push(`strategy ${strategy}`)
      return strategy
    },
  }
}

/** Nothing was written, no block was served. */
export const emptyLedger: Ledger = {
  journal: { size: 0, pendingCount: 0, entries: () => [] },
  blocks: { blocks: [], reorganisations: 0 },
}

/** No contract was called. */
export const noContracts: ContractSource = { rows: () => [] }

/** No agent pushes. */
export const noReports: ReportSink = { token: () => null, take: () => ({}) }

/** A real admin port on a free port of loopback, closed when the test ends. */
export async function runningAdmin(t: TestContext, but: Partial<AdminOptions> = {}) {
  const orders: Orders = []
  const admin = createAdmin({
    addr: '127.0.0.1',
    port: 0,
    token: null,
    fleet: obedientFleet(orders),
    ledger: emptyLedger,
    contracts: noContracts,
    reports: noReports,
    metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' },
    ...but,
  })
  t.after(() => admin.close())
  const { url } = await admin.listen()
  return { admin, orders, url }
}
