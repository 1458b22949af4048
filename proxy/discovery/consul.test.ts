import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ConsulProvider } from './consul.ts'
import { type ConsulConfig, providersSchema } from './provider-config.ts'
import { type Instance, stubConsul } from './test/stub-consul.ts'
import { listeningTo } from './test/told.ts'

const a: Instance = { id: 'a', address: '127.0.0.11', port: 8545 }
const b: Instance = { id: 'b', address: '', port: 9545 }

test('passing instances are nodes, and a change is told at once by the question that is held', async (t: TestContext) => {
  const consul = await stubConsul(t, a)
  const held = consul.held()
  const told = listeningTo(t, providerOf(consul.url))
  await told.ids('a')
  await held
  const heldAgain = consul.held()
  consul.serve(a, b)
  const [, other] = await told.ids('a', 'b')
  // Where the service has no address of its own, its node's is it.
  t.assert.equal(other?.url.href, 'http://127.0.0.9:9545/')
  await heldAgain
  const [first, second, third] = consul.questions
  t.assert.equal(first?.pathname, '/v1/health/service/geth')
  t.assert.equal(first?.search, '?passing=true')
  t.assert.equal(second?.search, '?passing=true&index=8&wait=60000ms')
  t.assert.equal(third?.searchParams.get('index'), '9')
})

test('a wait that is over with nothing new is no news', async (t: TestContext) => {
  const consul = await stubConsul(t, a)
  const told = listeningTo(t, providerOf(consul.url, { wait: 5 }))
  await told.ids('a')
  while (consul.questions.length < 5) await consul.held()
  t.assert.deepEqual(told.words, [])
})

test('an index that goes back begins anew', async (t: TestContext) => {
  const consul = await stubConsul(t, a)
  const held = consul.held()
  const told = listeningTo(t, providerOf(consul.url))
  await told.ids('a')
  await held
  const heldAgain = consul.held()
  consul.forget()
  await heldAgain
  t.assert.deepEqual(
    consul.questions.map(({ searchParams }) => searchParams.get('index')),
    [null, '8', null, '1'],
  )
})

test('meta data says what Consul does not know', async (t: TestContext) => {
  const meta = {
    'ws-port': '8546',
    'agent-url': 'http://127.0.0.1:8560',
    cores: '4',
    'chain-id': '1337',
    drain: 'true',
    path: '/rpc',
  }
  const consul = await stubConsul(t, { ...a, meta }, { ...b, meta: { cores: 'many' } })
  const told = listeningTo(t, providerOf(consul.url))
  const word = await told.until((word) => 'nodes' in word)
  const [node] = told.nodes
  t.assert.deepEqual(
    [
      node?.url.href,
      node?.ws?.href,
      node?.agent?.port,
      node?.cores,
      node?.['chain-id'],
      node?.drain,
    ],
    ['http://127.0.0.11:8545/rpc', 'ws://127.0.0.11:8546/', '8560', 4, 1337, true],
  )
  t.assert.match('problems' in word ? word.problems.join() : '', /^b: cores: /)
})

test('one that is down, refuses or talks nonsense keeps its nodes, says so, and is found again', async (t: TestContext) => {
  const consul = await stubConsul(t, a)
  const told = listeningTo(t, providerOf(consul.url, { wait: 5 }))
  await told.ids('a')
  const wrong: readonly (readonly [number, string, RegExp])[] = [
    [500, 'No cluster leader', /^HTTP 500: No cluster leader$/],
    [403, 'Permission denied', /^HTTP 403: Permission denied$/],
    [200, '{"a":1}', /no list of services/],
    [200, '[{', /no list of services/],
    [200, '[{"Service":{}}]', /no list of services/],
  ]
  for (const [status, body, problem] of wrong) {
    consul.answer = (response) => response.writeHead(status, { 'x-consul-index': 99 }).end(body)
    await told.failure(problem)
    t.assert.equal(told.nodes.length, 1)
    consul.answer = null
    await told.ids('a')
  }
  consul.answer = (response) => response.destroy()
  await told.failure(/./)
  consul.answer = null
  await told.ids('a')
})

test('the token is shown, and read anew', async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-consul-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  await writeFile(file, 'first\n')
  const consul = await stubConsul(t, a)
  const held = consul.held()
  const provider = providerOf(consul.url, { 'token-file': file })
  const told = listeningTo(t, provider)
  await told.ids('a')
  await held
  await writeFile(file, 'second\n')
  provider.reload()
  await told.ids('a')
  t.assert.deepEqual([...consul.tokens], ['Bearer first', 'Bearer second'])
})

test('once closed it waits for nothing', async (t: TestContext) => {
  const consul = await stubConsul(t, a)
  const held = consul.held()
  const provider = providerOf(consul.url)
  await listeningTo(t, provider).ids('a')
  await held
  await provider.close()
  t.assert.equal(consul.questions.length, 2)
})

function providerOf(endpoint: URL, but: Partial<ConsulConfig> = {}): ConsulProvider {
  const { consul } = providersSchema.parse({ consul: { service: 'geth', endpoint: endpoint.href } })
  if (consul === undefined) throw new Error('no configuration')
  return new ConsulProvider({ ...consul, ...but })
}
