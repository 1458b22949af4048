import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '../../proxy/index.ts'
import { helmLint, helmTemplate, noHelm, objectOf, rendered } from './deploy/chart.ts'
import { alertsPath, dashboardJson } from './deploy/monitoring-files.ts'
import { flagsOf } from './deploy/program-flags.ts'

const limits = { skip: noHelm }
const golden = join(import.meta.dirname, 'deploy/golden')

/** Ways to install it, each with what it renders kept in a file. */
const ways = {
  'as-it-is': [],
  everything: [
    ...['--set', 'serviceMonitor.enabled=true', '--set', 'serviceMonitor.labels.release=prom'],
    ...[
      '--set',
      'nodes.port=rpc',
      '--set',
      'nodes.wsPort=ws',
      '--set',
      'proxy.service.type=LoadBalancer',
    ],
    ...[
      '--set',
      'proxy.http.corsdomain=https://app.example',
      '--set',
      'proxy.config.limits.timeout=10s',
    ],
    ...['--set', 'networkPolicy.clients[0].podSelector.matchLabels.role=dapp'],
    ...['--set', 'proxy.nodeSelector.pool=edge', '--set', 'agent.tolerations[0].operator=Exists'],
  ],
  'proxy-alone': [
    ...['--set', 'agent.enabled=false', '--set', 'proxy.autoscaling.enabled=false'],
    ...['--set', 'networkPolicy.enabled=false', '--set', 'proxy.replicas=1'],
  ],
} as const satisfies Record<string, readonly string[]>

test('the chart has nothing that Helm finds fault with', limits, (t: TestContext) => {
  const { status, stdout, stderr } = helmLint()
  t.assert.equal(status, 0, stdout + stderr)
})

for (const [way, flags] of Object.entries(ways)) {
  test(`what is rendered ${way} is what was looked at`, limits, (t: TestContext) => {
    const { status, stdout, stderr } = helmTemplate(...flags)
    t.assert.equal(status, 0, stderr)
    t.assert.fileSnapshot(stdout, join(golden, `${way}.yaml`), { serializers: [String] })
  })

  test(`the configuration ${way} is one that the proxy takes`, limits, (t: TestContext) => {
    const map = z
      .object({ data: z.object({ 'equipoise.yaml': z.string() }) })
      .parse(objectOf(rendered(...flags), 'ConfigMap', '-proxy'))
    const config = parseConfig(parse(map.data['equipoise.yaml']))
    t.assert.equal(config.admin['token-file'], '/etc/equipoise/token/token')
    t.assert.equal(config.providers.kubernetes?.service, 'geth')
  })
}

test('alerts and dashboard are the ones beside the chart', limits, (t: TestContext) => {
  const objects = rendered(
    ...['--set', 'prometheusRule.enabled=true', '--set', 'grafanaDashboard.enabled=true'],
  )
  const alerts = parse(readFileSync(alertsPath, 'utf8'))
  t.assert.deepEqual(objectOf(objects, 'PrometheusRule', 'equipoise')['spec'], alerts)
  const { data } = z
    .object({ data: z.object({ 'equipoise.json': z.string() }) })
    .parse(objectOf(objects, 'ConfigMap', '-dashboard'))
  t.assert.deepEqual(JSON.parse(data['equipoise.json']), dashboardJson())
})

const podSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        securityContext: z.object({ runAsNonRoot: z.boolean(), runAsUser: z.number() }),
        containers: z.array(
          z.object({
            args: z.array(z.string()),
            securityContext: z.object({
              allowPrivilegeEscalation: z.boolean(),
              readOnlyRootFilesystem: z.boolean(),
              capabilities: z.object({ drop: z.array(z.string()) }),
            }),
            volumeMounts: z.array(
              z.object({ mountPath: z.string(), readOnly: z.boolean().default(false) }),
            ),
          }),
        ),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
})

test(
  'its pods run as nobody, write nothing but the journal, and know the flags they are given',
  limits,
  async (t: TestContext) => {
    const objects = rendered()
    for (const [kind, ending, program] of [
      ['Deployment', '-proxy', 'proxy/bin.ts'],
      ['DaemonSet', '-agent', 'agents/bin.ts'],
    ] as const) {
      const { securityContext, containers } = podSchema.parse(objectOf(objects, kind, ending)).spec
        .template.spec
      t.assert.deepEqual(securityContext, { runAsNonRoot: true, runAsUser: 65532 })
      const known = await flagsOf(program, [])
      for (const { args, securityContext: confined, volumeMounts } of containers) {
        t.assert.deepEqual(confined, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        const writable = volumeMounts.filter(({ readOnly }) => !readOnly)
        t.assert.deepEqual(
          writable.map(({ mountPath }) => mountPath),
          kind === 'Deployment' ? ['/var/lib/equipoise'] : [],
        )
        for (const flag of args.filter((arg) => arg.startsWith('--'))) {
          t.assert.ok(known.has(flag.replace(/=.*/, '')), flag)
        }
      }
    }
  },
)

test('values that cannot be are refused before anything is rendered', limits, (t: TestContext) => {
  for (const [value, named] of [
    ['proxy.replicas=0', 'replicas'],
    ['token.existingSecret=', 'existingSecret'],
    ['nodes.prot=8545', 'prot'],
    ['proxy.http.port=1', 'port'],
    ['agent.port=80', 'port'],
    ['proxy.terminationGracePeriodSeconds=10', 'terminationGracePeriodSeconds'],
    ['networkPolicy.apiServerPorts=null', 'apiServerPorts'],
  ] as const) {
    const { status, stderr } = helmTemplate('--set', value)
    t.assert.notEqual(status, 0, value)
    t.assert.match(stderr, new RegExp(named), value)
  }
})
