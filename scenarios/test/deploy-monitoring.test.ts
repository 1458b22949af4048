import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { createAgent } from '../../agents/index.ts'
import { failures, metricNames } from '../../proxy/index.ts'
import { dashboardSchema, type Panel } from './deploy/dashboard-schema.ts'
import { alertCases, alertRules, alertTestsPath, dashboardJson } from './deploy/monitoring-files.ts'
import { metricsIn } from './deploy/promql.ts'

const rules = alertRules()
/** Series that Prometheus makes itself. */
const ofPrometheus = ['up', 'ALERTS']

test('every metric that an alert or a panel names is one that the programs show', async (t: TestContext) => {
  const histogramParts = ['', '_bucket', '_sum', '_count']
  const known = new Set([
    ...ofPrometheus,
    ...metricNames.flatMap((name) => histogramParts.map((part) => name + part)),
    ...(await agentMetrics(t)),
  ])
  const dashboard = dashboardSchema.parse(dashboardJson())
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(targetsOf).map(({ expr }) => expr),
    ...dashboard.templating.list.flatMap(({ query }) => queriedMetric(query)),
  ]
  const unknown = expressions.flatMap((text) => metricsIn(text)).filter((name) => !known.has(name))
  t.assert.deepEqual([...new Set(unknown)], [])
})

test('a metric that is not there would be seen wherever it stands in an expression', (t: TestContext) => {
  for (const [expression, names] of [
    [
      'sum by (node) (rate(a_total{node=~"$node"}[$__rate_interval])) / scalar(sum(b_total))',
      'a_total b_total',
    ],
    ['c unless on (job, instance) d == 1', 'c d'],
    ['label_values(e{x="y, z"}, node)', 'e node'],
    ['1 - (f > 14.4 * 0.01 and g) or vector(0)', 'f g'],
  ] as const) {
    t.assert.deepEqual(metricsIn(expression), names.split(' '))
  }
})

test('the dashboard is what Grafana reads, and nothing beside it', (t: TestContext) => {
  const { panels, templating } = dashboardSchema.parse(dashboardJson())
  const ids = panels.map(({ id }) => id)
  t.assert.equal(new Set(ids).size, ids.length, 'ids of panels differ')
  for (const [i, one] of panels.entries()) {
    t.assert.ok(one.gridPos.x + one.gridPos.w <= 24, `${one.title} is within the grid`)
    for (const other of panels.slice(i + 1)) {
      t.assert.ok(areApart(one, other), `${one.title} does not lie on ${other.title}`)
    }
  }
  const variables = new Set(templating.list.map(({ name }) => name))
  for (const { expr } of panels.flatMap(targetsOf)) {
    for (const [, name = ''] of expr.matchAll(/\$\{?(?!__)(\w+)/g)) {
      t.assert.ok(variables.has(name), `$${name} of ${expr}`)
    }
  }
})

test('every alert has a case in which it fires and one in which it does not', (t: TestContext) => {
  const cases = alertCases()
  for (const { alert } of rules) {
    const own = cases.filter((one) => one.alert === alert)
    t.assert.ok(own.some(({ fires }) => fires) && own.some(({ fires }) => !fires), alert)
  }
  const names = new Set(rules.map(({ alert }) => alert))
  t.assert.deepEqual(
    cases.filter(({ alert }) => !names.has(alert)),
    [],
  )
})

test('what counts as failed is what the proxy itself failed, and nothing a client asked for', (t: TestContext) => {
  const expr = rules.find(({ alert }) => alert === 'HighErrorRate')?.expr ?? ''
  const pattern = /code=~"([^"]+)"/.exec(expr)?.[1] ?? ''
  const isFailed = new RegExp(`^(?:${pattern})$`)
  const askedFor = ['BEYOND_HEAD', 'MANY_DEV_NODES', 'CANCELLED']
  for (const failure of Object.keys(failures)) {
    const word = failure.toLowerCase().replaceAll('_', '-')
    t.assert.equal(isFailed.test(word), !askedFor.includes(failure), word)
  }
  t.assert.ok(isFailed.test('internal'))
  for (const code of ['ok', '3', '-32000', '-32601', 'error'])
    t.assert.ok(!isFailed.test(code), code)
  for (const { expr: shown } of dashboardSchema.parse(dashboardJson()).panels.flatMap(targetsOf)) {
    const codes = /code=~"([^"]+)"/.exec(shown)?.[1]
    if (codes !== undefined)
      t.assert.equal(codes, pattern, 'the dashboard counts as the alert does')
  }
})

const noPromtool =
  spawnSync('promtool', ['--version']).error === undefined
    ? false
    : "needs Prometheus' promtool (Debian: apt-get install prometheus)"

test('all cases of alerts_test.yml hold', { skip: noPromtool }, (t: TestContext) => {
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', alertTestsPath], {
    encoding: 'utf8',
  })
  t.assert.equal(status, 0, stdout + stderr)
})

function targetsOf(panel: Panel) {
  return panel.type === 'row' ? [] : panel.targets
}

/** `label_values(METRIC{…}, LABEL)` → `METRIC{…}`. */
function queriedMetric(query: string | { readonly query: string }): readonly string[] {
  if (typeof query === 'string') return []
  return [query.query.replace(/^label_values\(/, '').replace(/, \w+\)$/, '')]
}

function areApart({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  const besides = one.x + one.w <= other.x || other.x + other.w <= one.x
  return besides || one.y + one.h <= other.y || other.y + other.h <= one.y
}

/** Names that a scrape of a real agent shows, those without a series included. */
async function agentMetrics(t: TestContext): Promise<readonly string[]> {
  const agent = createAgent({ nodes: [{ id: 'self', pid: process.pid }], port: 0 })
  t.after(() => agent.close())
  const { url } = await agent.listen()
  const text = await (await fetch(`${url}/metrics`)).text()
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)
}
