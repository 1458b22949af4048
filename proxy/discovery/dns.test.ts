import { type TestContext, test } from 'node:test'
import { DnsProvider } from './dns.ts'
import { type DnsConfig, providersSchema } from './provider-config.ts'
import { nameServer, noNameServer } from './test/name-server.ts'
import { listeningTo } from './test/told.ts'

const skip = noNameServer()

test('every address of a name is a node, and is followed', { skip }, async (t: TestContext) => {
  const server = await nameServer(t, ['127.0.0.11 geth.test', '127.0.0.12 geth.test'])
  const told = listeningTo(t, providerOf(server.address, { name: 'geth.test' }))
  const [a, b] = await told.ids('geth.test-127.0.0.11', 'geth.test-127.0.0.12')
  t.assert.deepEqual(
    [a?.url.href, b?.url.href],
    ['http://127.0.0.11:8545/', 'http://127.0.0.12:8545/'],
  )
  await server.serve(['127.0.0.12 geth.test', '127.0.0.13 geth.test'])
  await told.ids('geth.test-127.0.0.12', 'geth.test-127.0.0.13')
})

test('a name that is gone, or whose server is silent or down, takes no node away', {
  skip,
}, async (t: TestContext) => {
  const server = await nameServer(t, ['127.0.0.11 geth.test'])
  const told = listeningTo(t, providerOf(server.address, { name: 'geth.test' }))
  const ids = ['geth.test-127.0.0.11']
  await told.ids(...ids)
  await server.serve(['127.0.0.11 other.test'])
  await told.failure(/^geth\.test: there is no such name/)
  await server.serve(['127.0.0.11 geth.test'])
  await told.ids(...ids)
  server.pause()
  await told.failure(/^geth\.test: the name server does not answer/)
  server.resume()
  await told.ids(...ids)
  await server.close()
  await told.failure(/^geth\.test: the name server (cannot be reached|does not answer)/)
  t.assert.deepEqual(
    told.nodes.map(({ id }) => id),
    ids,
  )
})

test('IPv6 addresses are dialled as such', { skip }, async (t: TestContext) => {
  const server = await nameServer(t, ['::1 geth.test', '127.0.0.11 geth.test'])
  const config = { name: 'geth.test', type: 'AAAA', scheme: 'https', path: '/rpc' } as const
  const told = listeningTo(t, providerOf(server.address, config))
  const [node] = await told.ids('geth.test---1')
  t.assert.equal(node?.url.href, 'https://[::1]:8545/rpc')
})

test('SRV records tell host and port, and the nodes of a higher priority number are spare', {
  skip,
}, async (t: TestContext) => {
  const server = await nameServer(
    t,
    ['127.0.0.11 geth-1.test', '127.0.0.12 geth-2.test'],
    [
      '_rpc._tcp.test,geth-1.test,9545,0,1',
      '_rpc._tcp.test,geth-2.test,9546,5,1',
      '_rpc._tcp.test,nowhere.test,9547,0,1',
    ],
  )
  const config = { name: '_rpc._tcp.test', type: 'SRV', 'agent-port': 8560 } as const
  const told = listeningTo(t, providerOf(server.address, config))
  const word = await told.until((word) => 'nodes' in word)
  t.assert.deepEqual(
    told.nodes.map(({ id, url, drain, agent }) => [id, url.host, drain, agent?.host]),
    [
      ['geth-1.test-9545', '127.0.0.11:9545', undefined, '127.0.0.11:8560'],
      ['geth-2.test-9546', '127.0.0.12:9546', true, '127.0.0.12:8560'],
    ],
  )
  t.assert.deepEqual('problems' in word && word.problems, [
    'nowhere.test: there is no such name (ENOTFOUND)',
  ])
})

test('once closed it asks no more, also while a question is open', {
  skip,
}, async (t: TestContext) => {
  const server = await nameServer(t, ['127.0.0.11 geth.test'])
  const provider = providerOf(server.address, { name: 'geth.test' })
  const told = listeningTo(t, provider)
  await told.ids('geth.test-127.0.0.11')
  server.pause()
  provider.reload()
  await provider.close()
  const words = told.words.length
  provider.reload()
  t.assert.equal(told.words.length, words)
})

test('on a command line a name says what it is', (t: TestContext) => {
  const { dns } = providersSchema.parse({ dns: 'tasks.geth, geth.test:9545, _rpc._tcp.geth.test' })
  t.assert.deepEqual(
    dns?.map(({ name, type, port }) => [name, type, port]),
    [
      ['tasks.geth', 'A', 8545],
      ['geth.test', 'A', 9545],
      ['_rpc._tcp.geth.test', 'SRV', 8545],
    ],
  )
  t.assert.equal(providersSchema.safeParse({ dns: 'http://geth' }).success, false)
  const isTaken = (server: string): boolean =>
    providersSchema.safeParse({ dns: [{ name: 'geth.test', servers: [server] }] }).success
  for (const server of ['10.0.0.53', '10.0.0.53:5353', '::1', '[::1]:53']) {
    t.assert.ok(isTaken(server), server)
  }
  for (const server of ['', 'ns.test', '10.0.0.53:dns', '[::1']) {
    t.assert.ok(!isTaken(server), server)
  }
})

function providerOf(
  server: string,
  config: Partial<DnsConfig> & { readonly name: string },
): DnsProvider {
  const all = { type: 'A', port: 8545, scheme: 'http', path: '/', interval: 20 } as const
  return new DnsProvider({ ...all, ...config, servers: [server] })
}
