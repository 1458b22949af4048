import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { KubernetesProvider } from './kubernetes.ts'
import { type KubernetesConfig, providersSchema } from './provider-config.ts'
import { type StubApiServer, sliceOf, stubApiServer } from './test/stub-api-server.ts'
import { listeningTo } from './test/told.ts'

const gone = { kind: 'Status', code: 410, message: 'too old resource version: 10 (99)' }

test('slices are listed page by page, and what changes is watched from there', async (t: TestContext) => {
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']), sliceOf('b', ['10.0.0.2']))
  api.pageSize = 1
  const watched = api.asked('watch')
  const told = listeningTo(t, providerOf(api))
  await told.ids('geth-1', 'geth-2')
  await watched
  t.assert.equal(
    api.lists[0]?.pathname,
    '/apis/discovery.k8s.io/v1/namespaces/chain/endpointslices',
  )
  t.assert.equal(
    api.lists[0]?.searchParams.get('labelSelector'),
    'kubernetes.io/service-name in (geth)',
  )
  t.assert.deepEqual(
    api.lists.map(({ searchParams }) => searchParams.get('continue')),
    [null, '1'],
  )
  t.assert.equal(api.watches[0]?.searchParams.get('resourceVersion'), '10')
  api.tell('ADDED', sliceOf('c', ['10.0.0.3']))
  await told.ids('geth-1', 'geth-2', 'geth-3')
  api.tell('MODIFIED', sliceOf('c', ['10.0.0.4']))
  await told.ids('geth-1', 'geth-2', 'geth-4')
  api.tell('DELETED', sliceOf('a', ['10.0.0.1']))
  await told.ids('geth-2', 'geth-4')
  // However it is cut.
  const line = `${JSON.stringify({ type: 'DELETED', object: sliceOf('b', []) })}\n`
  for (const letter of line) api.write(letter)
  await told.ids('geth-4')
})

test('a watch whose time is over goes on from the last version it knows, a bookmark included', async (t: TestContext) => {
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']))
  const first = api.asked('watch')
  const told = listeningTo(t, providerOf(api))
  await told.ids('geth-1')
  await first
  api.tell('BOOKMARK', { metadata: { resourceVersion: '77' } })
  const second = api.asked('watch')
  api.endWatches()
  await second
  t.assert.equal(api.watches[1]?.searchParams.get('resourceVersion'), '77')
  t.assert.equal(api.lists.length, 1)
  t.assert.deepEqual(told.words, [])
})

test('a version that is too old begins anew with a list, whichever way it is told', async (t: TestContext) => {
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']))
  const watched = api.asked('watch')
  const told = listeningTo(t, providerOf(api))
  await told.ids('geth-1')
  await watched
  api.slices = [sliceOf('b', ['10.0.0.2'])]
  const again = api.asked('watch')
  api.tell('ERROR', gone)
  await told.ids('geth-2')
  await again
  api.slices = [sliceOf('c', ['10.0.0.3'])]
  api.watchAnswer = (response) => {
    api.watchAnswer = null
    response.writeHead(410).end(JSON.stringify(gone))
  }
  api.endWatches()
  await told.ids('geth-3')
  t.assert.ok(told.words.every((word) => 'nodes' in word))
})

test('without the right to it, or before something else, it says so, keeps its nodes and goes on trying', async (t: TestContext) => {
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']))
  const watched = api.asked('watch')
  const told = listeningTo(t, providerOf(api))
  await told.ids('geth-1')
  await watched
  const forbidden = 'endpointslices.discovery.k8s.io is forbidden: User "x" cannot list resource'
  const wrong: readonly (readonly [number, string, RegExp])[] = [
    [403, JSON.stringify({ kind: 'Status', message: forbidden }), /^HTTP 403: .*cannot list/],
    [401, 'Unauthorized', /^HTTP 401: Unauthorized$/],
    [500, '', /^HTTP 500: $/],
    [200, '<html>', /not those of an API server/],
    [200, '{"items":7}', /not those of an API server/],
    [200, '{"metadata":{"resourceVersion":"1"},"items":[{}]}', /not those of an API server/],
  ]
  for (const [status, body, problem] of wrong) {
    api.listAnswer = (response) => response.writeHead(status).end(body)
    api.tell('ERROR', gone)
    await told.failure(problem)
    t.assert.equal(told.nodes.length, 1)
    const back = api.asked('watch')
    api.listAnswer = null
    await told.ids('geth-1')
    await back
  }
  for (const nonsense of ['nonsense\n', '{"type":"ADDED","object":{}}\n', '{}\n']) {
    const back = api.asked('watch')
    api.write(nonsense)
    await told.failure(/not those of an API server/)
    await told.ids('geth-1')
    await back
  }
})

test('the token is read for each question, for it is renewed', async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-kubernetes-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  await writeFile(file, 'first\n')
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']))
  const watched = api.asked('watch')
  const told = listeningTo(t, providerOf(api, { 'token-file': file }))
  await told.ids('geth-1')
  await watched
  await writeFile(file, 'second\n')
  const again = api.asked('watch')
  api.endWatches()
  await again
  t.assert.deepEqual([...api.tokens], ['Bearer first', 'Bearer second'])
  await rm(file)
  api.endWatches()
  await told.failure(/ENOENT.*token/)
})

test('asked for, all is listed again; once closed, nothing is held open', async (t: TestContext) => {
  const api = await stubApiServer(t, sliceOf('a', ['10.0.0.1']))
  const watched = api.asked('watch')
  const provider = providerOf(api)
  const told = listeningTo(t, provider)
  await told.ids('geth-1')
  await watched
  api.slices = []
  const again = api.asked('watch')
  provider.reload()
  await told.ids()
  await again
  await provider.close()
  while (api.openWatches > 0) await new Promise((resolve) => setImmediate(resolve))
  t.assert.equal(api.watches.length, 2)
})

test('outside of a pod it wants to know where the API server is', async (t: TestContext) => {
  const { kubernetes } = providersSchema.parse({ kubernetes: { service: 'geth' } })
  if (kubernetes === undefined || process.env['KUBERNETES_SERVICE_HOST'] !== undefined) {
    t.skip('this is a pod')
    return
  }
  const told = listeningTo(t, new KubernetesProvider(kubernetes))
  await told.failure(/^not in a pod: name the API server in `endpoint`$/)
})

function providerOf({ url }: StubApiServer, but: Partial<KubernetesConfig> = {}) {
  const { kubernetes } = providersSchema.parse({
    kubernetes: { service: 'geth', namespace: 'chain', endpoint: url.href },
  })
  if (kubernetes === undefined) throw new Error('no configuration')
  return new KubernetesProvider({ ...kubernetes, ...but })
}
