import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { type KubernetesObject, noHelm, rendered } from '../deploy/chart.ts'
import { KubernetesApi } from './api-server.ts'
import { binariesOrReason } from './binaries.ts'
import { ServedAgent } from './served-agent.ts'

const binaries = binariesOrReason()
const skip = typeof binaries === 'string' ? binaries : noHelm
const namespace = 'ethereum'

/** Where objects of each kind are made, by the API server's own names. */
const places: Readonly<Record<string, string>> = {
  ConfigMap: 'api/v1/namespaces/ethereum/configmaps',
  DaemonSet: 'apis/apps/v1/namespaces/ethereum/daemonsets',
  Deployment: 'apis/apps/v1/namespaces/ethereum/deployments',
  HorizontalPodAutoscaler: 'apis/autoscaling/v2/namespaces/ethereum/horizontalpodautoscalers',
  NetworkPolicy: 'apis/networking.k8s.io/v1/namespaces/ethereum/networkpolicies',
  PodDisruptionBudget: 'apis/policy/v1/namespaces/ethereum/poddisruptionbudgets',
  Role: 'apis/rbac.authorization.k8s.io/v1/namespaces/ethereum/roles',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1/namespaces/ethereum/rolebindings',
  Service: 'api/v1/namespaces/ethereum/services',
  ServiceAccount: 'api/v1/namespaces/ethereum/serviceaccounts',
}

const rulesSchema = z.object({
  status: z.object({
    resourceRules: z.array(
      z.object({
        verbs: z.array(z.string()),
        apiGroups: z.array(z.string()).default([]),
        resources: z.array(z.string()).default([]),
      }),
    ),
    incomplete: z.literal(false),
  }),
})

test('a real API server and the chart', { skip }, async (t: TestContext) => {
  if (typeof binaries === 'string') return
  const api = await KubernetesApi.start(binaries)
  t.after(() => api.close())
  for (const name of [namespace, 'elsewhere']) {
    await api.must('POST', '/api/v1/namespaces', { metadata: { name } })
  }
  const objects = rendered()

  await t.test(
    'it takes every object, and would refuse a key that it does not know',
    async (t: TestContext) => {
      const full = [
        ...['--set', 'nodes.port=rpc', '--set', 'nodes.wsPort=ws'],
        ...[
          '--set',
          'proxy.service.type=LoadBalancer',
          '--set',
          'agent.tolerations[0].operator=Exists',
        ],
        ...['--set', 'networkPolicy.clients[0].podSelector.matchLabels.role=dapp'],
        ...['--set', 'proxy.disruptionBudget.maxUnavailable=50%'],
      ]
      const alone = ['--set', 'agent.enabled=false', '--set', 'proxy.autoscaling.enabled=false']
      for (const object of [...objects, ...rendered(...full), ...rendered(...alone)]) {
        const { status, body } = await tried(api, object)
        t.assert.equal(
          status,
          201,
          `${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`,
        )
      }
      const [deployment] = objects.filter(({ kind }) => kind === 'Deployment')
      const spec = Object(deployment?.['spec'])
      const slip = { ...deployment, spec: { ...spec, replica: 2 } } as KubernetesObject
      const { status, body } = await tried(api, slip)
      t.assert.equal(status, 400)
      t.assert.match(JSON.stringify(body), /unknown field .*spec\.replica/)
    },
  )

  for (const object of objects) {
    if (!/^(ServiceAccount|Role|RoleBinding)$/.test(object.kind)) continue
    await api.must('POST', `/${places[object.kind]}`, object)
  }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
  await api.must('POST', path, { metadata: { name: 'nobody' } })
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  const pods = `/api/v1/namespaces/${namespace}/pods`

  for (const [account, apiGroup, resource, own] of [
    ['eq-equipoise-proxy', 'discovery.k8s.io', 'endpointslices', slices],
    ['eq-equipoise-agent', '', 'pods', pods],
  ] as const) {
    await t.test(
      `${account} may list and watch ${resource} here, and nothing else`,
      async (t: TestContext) => {
        const added = (await rulesOf(api, account)).filter(isNew(await rulesOf(api, 'nobody')))
        t.assert.deepEqual(added, [
          { verbs: ['list', 'watch'], apiGroups: [apiGroup], resources: [resource] },
        ])
        const token = await api.tokenOf(namespace, account)
        for (const query of ['', '?watch=1&timeoutSeconds=1']) {
          t.assert.equal((await api.request('GET', own + query, null, token)).status, 200, query)
        }
        for (const [method, refused] of [
          ['GET', `${own}/x`],
          ['DELETE', `${own}/x`],
          ['POST', own],
          ['GET', own.replace(namespace, 'elsewhere')],
          ['GET', own.replace(`/namespaces/${namespace}`, '')],
          ['GET', own === pods ? slices : pods],
          ['GET', `/api/v1/namespaces/${namespace}/secrets`],
          ['GET', '/api/v1/nodes'],
        ] as const) {
          const { status } = await api.request(
            method,
            refused,
            method === 'POST' ? {} : null,
            token,
          )
          t.assert.equal(status, 403, `${method} ${refused}`)
        }
      },
    )
  }

  await t.test(
    'with the rights of the chart an agent tells the pods of its machine',
    async (t: TestContext) => {
      const account = join(api.folder, 'account')
      await mkdir(account)
      await writeFile(join(account, 'token'), await api.tokenOf(namespace, 'eq-equipoise-agent'))
      await writeFile(join(account, 'namespace'), namespace)
      const { caFile, url } = api
      const agent = await ServedAgent.start(t, { account, caFile, url }, [
        ...['--kubernetes', 'worker-1', '--label', 'app=geth'],
      ])
      await agent.until((names) => names.length === 0)
      await bound(api, 'geth-0', 'worker-1', { app: 'geth' }, 'a')
      await bound(api, 'geth-1', 'worker-2', { app: 'geth' }, 'b')
      await bound(api, 'other', 'worker-1', { app: 'other' }, 'c')
      t.assert.deepEqual(await agent.until((names) => names.length > 0), ['geth-0'])
      await bound(api, 'geth-2', 'worker-1', { app: 'geth' }, 'd')
      t.assert.deepEqual(await agent.until((names) => names.length > 1), ['geth-0', 'geth-2'])
      await api.must('DELETE', `${pods}/geth-0`, { gracePeriodSeconds: 0 })
      t.assert.deepEqual(await agent.until((names) => names.length === 1), ['geth-2'])
    },
  )
})

function tried(api: KubernetesApi, object: KubernetesObject) {
  const place = places[object.kind]
  if (place === undefined) throw new Error(`where are objects of ${object.kind} made?`)
  return api.request('POST', `/${place}?dryRun=All&fieldValidation=Strict`, object)
}

/** What an account may do, as the API server itself says. */
async function rulesOf(api: KubernetesApi, account: string) {
  const asked = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  }
  const place = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'
  const token = await api.tokenOf(namespace, account)
  const { body } = await api.request('POST', place, asked, token)
  return rulesSchema.parse(body).status.resourceRules
}

type Rule = Awaited<ReturnType<typeof rulesOf>>[number]

function isNew(known: readonly Rule[]): (rule: Rule) => boolean {
  const texts = new Set(known.map((rule) => JSON.stringify(rule)))
  return (rule) => !texts.has(JSON.stringify(rule))
}

/** A pod on a machine with a container that has started, as scheduler and kubelet would write it. */
async function bound(
  api: KubernetesApi,
  name: string,
  nodeName: string,
  labels: object,
  digit: string,
): Promise<void> {
  const containers = [{ name: 'geth', image: 'ethereum/client-go:v1.17.5' }]
  const path = `/api/v1/namespaces/${namespace}/pods`
  const made = await api.must('POST', path, {
    metadata: { name, labels },
    spec: { nodeName, containers },
  })
  const state = { running: { startedAt: '2026-11-21T00:00:00Z' } }
  const id = `containerd://${digit.repeat(64)}`
  const about = { name: 'geth', image: 'x', imageID: 'x', ready: true, restartCount: 0 }
  await api.must('PUT', `${path}/${name}/status`, {
    ...made,
    status: {
      phase: 'Running',
      containerStatuses: [{ ...about, state, containerID: id }],
    },
  })
}
