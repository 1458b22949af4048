import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { KubernetesApi } from './api-server.ts'
import { binariesOrReason } from './binaries.ts'
import { type SeenFleet, ServedProxy } from './served-proxy.ts'
import { ownAddress, smallNode } from './small-node.ts'

const binaries = binariesOrReason()
const address = ownAddress()
const reason = typeof binaries === 'string' ? binaries : null
const skip = reason ?? (address === null && 'no address here but loopback')

const slices = '/apis/discovery.k8s.io/v1/namespaces/chain/endpointslices'

test('the nodes are the endpoints of a service, seen with the rights to list and watch them and no others', {
  skip,
}, async (t: TestContext) => {
  if (typeof binaries === 'string' || address === null) return
  const api = await KubernetesApi.start(binaries)
  t.after(() => api.close())
  await api.must('POST', '/api/v1/namespaces', { metadata: { name: 'chain' } })
  await api.must('POST', '/api/v1/namespaces/chain/serviceaccounts', {
    metadata: { name: 'equipoise' },
  })
  const tokenFile = join(api.folder, 'token')
  await writeFile(tokenFile, await api.tokenOf('chain', 'equipoise'))
  const proxy = await ServedProxy.start(t, [
    ...['--providers.kubernetes.service', 'geth', '--providers.kubernetes.namespace', 'chain'],
    ...['--providers.kubernetes.endpoint', api.url, '--providers.kubernetes.ca-file', api.caFile],
    ...['--providers.kubernetes.token-file', tokenFile],
  ])

  await t.test('without the rights it says which one it lacks', async (t: TestContext) => {
    const fleet = await proxy.until((fleet) => problemOf(fleet) !== null)
    t.assert.match(
      problemOf(fleet) ?? '',
      /^HTTP 403: endpointslices.* is forbidden: User "system:serviceaccount:chain:equipoise" cannot list/,
    )
    t.assert.equal(fleet.ready, false)
  })

  await t.test('with them it goes on by itself', async (t: TestContext) => {
    await grant(api)
    const fleet = await proxy.until((fleet) => problemOf(fleet) === null)
    t.assert.deepEqual(fleet.nodes, [])
    const token = await api.tokenOf('chain', 'equipoise')
    for (const path of [
      '/api/v1/namespaces/chain/pods',
      '/api/v1/namespaces/chain/secrets',
      '/apis/discovery.k8s.io/v1/endpointslices',
      '/api/v1/nodes',
    ]) {
      t.assert.equal((await api.request('GET', path, null, token)).status, 403, path)
    }
    t.assert.equal((await api.request('POST', slices, sliceOf('x', 1, []), token)).status, 403)
  })

  const [a, b] = [await smallNode(t, 'a', address), await smallNode(t, 'b', address)]

  await t.test('an endpoint that is made ready is asked and serves', async (t: TestContext) => {
    await api.must('POST', slices, sliceOf('geth-a', a, [{ name: 'a', ready: false }]))
    // Another service's, and a slice of nobody's.
    await api.must('POST', slices, {
      ...sliceOf('other', a, [{ name: 'x' }]),
      ...ofService('other'),
    })
    await api.must('PUT', `${slices}/geth-a`, sliceOf('geth-a', a, [{ name: 'a' }]))
    const { nodes } = await proxy.until(({ ready }) => ready)
    t.assert.deepEqual(
      nodes.map(({ id, url }) => [id, url]),
      [['a', `http://${address}:${a}`]],
    )
    t.assert.equal(await proxy.read(), 'a')
  })

  await t.test('one that terminates drains, and is gone with its slice', async (t: TestContext) => {
    await api.must('POST', slices, sliceOf('geth-b', b, [{ name: 'b' }]))
    await proxy.until((fleet) => healthOf(fleet, 'b') === 'up')
    const leaving = { name: 'a', ready: false, serving: true, terminating: true }
    await api.must('PUT', `${slices}/geth-a`, sliceOf('geth-a', a, [leaving]))
    await proxy.until(({ nodes }) => nodes.some(({ id, draining }) => id === 'a' && draining))
    for (let i = 0; i < 10; i += 1) t.assert.equal(await proxy.read(), 'b')
    await api.must('DELETE', `${slices}/geth-a`)
    await proxy.until(({ nodes }) => nodes.every(({ id }) => id !== 'a'))
  })

  await t.test(
    'while the API server is down nothing changes; what changed since is known after',
    async (t: TestContext) => {
      await api.stopServer()
      const fleet = await proxy.until((fleet) => problemOf(fleet) !== null)
      t.assert.equal(healthOf(fleet, 'b'), 'up')
      t.assert.equal(await proxy.read(), 'b')
      await api.startServer()
      await api.must('POST', slices, sliceOf('geth-a2', a, [{ name: 'a' }]))
      await proxy.until((fleet) => problemOf(fleet) === null && healthOf(fleet, 'a') === 'up')
    },
  )

  await t.test('rights that are taken away take no node with them', async (t: TestContext) => {
    const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/chain/rolebindings'
    await api.must('DELETE', `${bindings}/discovery`)
    // Rights are looked at when a watch begins: the next one is refused.
    await api.stopServer()
    await api.startServer()
    const fleet = await proxy.until((fleet) => /HTTP 403/.test(problemOf(fleet) ?? ''))
    t.assert.deepEqual(
      fleet.nodes.map(({ id, health }) => [id, health]),
      [
        ['b', 'up'],
        ['a', 'up'],
      ],
    )
  })
})

/** What the chart grants, too: one role in one namespace. */
async function grant(api: KubernetesApi): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/chain'
  const rules = [
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ]
  await api.must('POST', `${rbac}/roles`, { metadata: { name: 'discovery' }, rules })
  await api.must('POST', `${rbac}/rolebindings`, {
    metadata: { name: 'discovery' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'discovery' },
    subjects: [{ kind: 'ServiceAccount', name: 'equipoise', namespace: 'chain' }],
  })
}

type Pod = {
  readonly name: string
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
}

/** What a service's controller would write. */
function sliceOf(name: string, port: number, pods: readonly Pod[]): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    endpoints: pods.map(({ name: pod, ready = true, serving = ready, terminating = false }) => ({
      addresses: [address],
      conditions: { ready, serving, terminating },
      targetRef: { kind: 'Pod', namespace: 'chain', name: pod },
    })),
    ports: [{ name: 'rpc', port, protocol: 'TCP' }],
    metadata: { name, labels: { 'kubernetes.io/service-name': 'geth' } },
  }
}

function ofService(service: string): object {
  return { metadata: { name: service, labels: { 'kubernetes.io/service-name': service } } }
}

function problemOf({ discovery }: SeenFleet): string | null {
  const provider = discovery.providers.find(({ name }) => name === 'kubernetes')
  return provider?.up === null ? null : (provider?.problem ?? null)
}

function healthOf({ nodes }: SeenFleet, id: string): string | undefined {
  return nodes.find((node) => node.id === id)?.health
}
