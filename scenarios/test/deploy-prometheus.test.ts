import { type TestContext, test } from 'node:test'
import { startStack } from '../stack.ts'
import { dashboardSchema } from './deploy/dashboard-schema.ts'
import { alertRules, dashboardJson } from './deploy/monitoring-files.ts'
import { noPrometheus, PrometheusServer } from './deploy/prometheus-server.ts'

const limits = { skip: noPrometheus, timeout: 180_000 }

test(
  'a real Prometheus scrapes proxy and agent, and a killed node is an alert until it is back',
  limits,
  async (t: TestContext) => {
    const stack = await startStack({
      nodes: 2,
      blockTimeMs: 200,
      cpus: [],
      strategy: 'state-space',
      httpPort: 0,
      adminPort: 0,
      agentPort: 0,
      contracts: false,
      onEvent: () => {},
    })
    t.after(() => stack.close())
    const prometheus = await PrometheusServer.start(
      t,
      { equipoise: hostOf(stack.adminUrl), 'equipoise-agent': hostOf(stack.agentUrl) },
      2,
    )
    const calls = setInterval(() => void call(stack.endpoint), 20)
    t.after(() => clearInterval(calls))

    await t.test(
      'every expression of alerts and dashboard is one that it takes',
      async (t: TestContext) => {
        for (const { expr } of alertRules()) await prometheus.query(expr)
        const { panels } = dashboardSchema.parse(dashboardJson())
        for (const panel of panels) {
          if (panel.type === 'row') continue
          for (const { expr } of panel.targets) await prometheus.query(filledIn(expr))
        }
        await t.assert.rejects(prometheus.query('sum(equipoise_upstream_up'), /parse error/)
      },
    )

    await t.test('what a fleet at work shows is there', async (t: TestContext) => {
      const { panels } = dashboardSchema.parse(dashboardJson())
      const empty = async () => {
        const found: string[] = []
        for (const panel of panels) {
          if (panel.type === 'row' || quietPanels.has(panel.title)) continue
          const series = await Promise.all(
            panel.targets.map(({ expr }) => prometheus.query(filledIn(expr))),
          )
          if (series.flat().length === 0) found.push(panel.title)
        }
        return found
      }
      let still = await empty()
      await prometheus.until(
        async () => {
          still = await empty()
          return still.length === 0
        },
        `every panel shows something: ${still.join(', ')}`,
      )
      t.assert.deepEqual(still, [])
    })

    await t.test('a node is killed, then it is back', async (t: TestContext) => {
      const [killed, other] = stack.fleet.nodes.map(({ id }) => id)
      const alert = `NodeDown ${killed}`
      const alerts = [alert, `AgentLosesNode ${killed}`]
      t.assert.ok(!(await prometheus.firing()).includes(alert))
      await stack.fleet.kill(killed ?? '')
      let firing: readonly string[] = []
      await prometheus.until(async () => {
        firing = await prometheus.firing()
        return alerts.every((name) => firing.includes(name))
      }, 'proxy and agent both raise an alert')
      t.assert.ok(!firing.includes(`NodeDown ${other}`), 'the other one is up')
      t.assert.ok(!firing.includes('PoolNoHealthyNode'), 'and serves')
      await stack.fleet.restart(killed ?? '')
      await prometheus.until(
        async () => !(await prometheus.firing()).includes(alert),
        `${alert} is over`,
      )
    })

    await t.test('no node is left, then one is', async () => {
      for (const { id } of stack.fleet.nodes) await stack.fleet.kill(id)
      const fires = async () => (await prometheus.firing()).includes('PoolNoHealthyNode')
      await prometheus.until(fires, 'PoolNoHealthyNode fires')
      await prometheus.until(
        async () => (await prometheus.firing()).includes('HighErrorRate'),
        'HighErrorRate fires',
      )
      clearInterval(calls)
    })
  },
)

/** Panels of what two idle nodes without quotas need not have. */
const quietPanels: ReadonlySet<string> = new Set([
  'Alerts',
  'Failed tries by reason',
  'Functions of contracts',
  'Calls of contracts',
  'Reverted',
  'Throttled',
  'network',
  'mem_pressure',
  'io_pressure',
])

/** What Grafana would put in for its variables. */
function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '10s').replaceAll(/\$\w+/g, '.*')
}

function hostOf(url: string): string {
  return new URL(url).host
}

/** Its outcome is told by metrics alone. */
async function call(endpoint: string): Promise<void> {
  const body = '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",false]}'
  const headers = { 'content-type': 'application/json' }
  await fetch(endpoint, { method: 'POST', headers, body })
    .then((reply) => reply.arrayBuffer())
    .catch(() => {})
}
