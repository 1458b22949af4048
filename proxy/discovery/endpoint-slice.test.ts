import { type TestContext, test } from 'node:test'
import { endpointSlice, nodesIn } from './endpoint-slice.ts'
import { type KubernetesConfig, providersSchema } from './provider-config.ts'
import { sliceOf } from './test/stub-api-server.ts'

test('each ready pod is a node under its own name', (t: TestContext) => {
  const { nodes } = found([sliceOf('a', ['10.0.0.1', '10.0.0.2'])])
  t.assert.deepEqual(
    nodes.map(({ id, url, 'reported-as': names }) => [id, url.href, names]),
    [
      ['geth-1', 'http://10.0.0.1:8545/', ['geth-1', 'uid-10.0.0.1']],
      ['geth-2', 'http://10.0.0.2:8545/', ['geth-2', 'uid-10.0.0.2']],
    ],
  )
})

test('one that is not ready is none, and one that terminates and still serves takes no new calls', (t: TestContext) => {
  const endpoint = (name: string, conditions: object) => ({
    addresses: ['10.0.0.1'],
    conditions,
    targetRef: { name },
  })
  const endpoints = [
    endpoint('unknown', {}),
    endpoint('starting', { ready: false, serving: false, terminating: false }),
    endpoint('leaving', { ready: false, serving: true, terminating: true }),
    endpoint('gone', { ready: false, serving: false, terminating: true }),
    { addresses: [], targetRef: { name: 'nowhere' } },
  ]
  const { nodes } = found([sliceOf('a', [], { endpoints })])
  t.assert.deepEqual(
    nodes.map(({ id, drain }) => [id, drain]),
    [
      ['leaving', true],
      ['unknown', undefined],
    ],
  )
})

test('a pod with two kinds of addresses is one node, at its IPv4 address', (t: TestContext) => {
  const six = sliceOf('a', [], {
    addressType: 'IPv6',
    endpoints: [{ addresses: ['fd00::1'], targetRef: { name: 'geth-1' } }],
  })
  const { nodes } = found([six, sliceOf('b', ['10.0.0.1'])])
  t.assert.deepEqual(
    nodes.map(({ url }) => url.host),
    ['10.0.0.1:8545'],
  )
  t.assert.equal(found([six]).nodes[0]?.url.host, '[fd00::1]:8545')
})

test('its port is the only one, or that named for JSON-RPC, or as configured', (t: TestContext) => {
  const ports = [
    { name: 'ws', port: 8546 },
    { name: 'p2p', port: 30303, protocol: 'UDP' },
    { name: 'http-rpc', port: 9545 },
  ]
  const slice = sliceOf('a', ['10.0.0.1'], { ports })
  const hostOf = (config: Partial<KubernetesConfig>): string | undefined =>
    found([slice], config).nodes[0]?.url.port
  t.assert.equal(hostOf({}), '9545')
  t.assert.equal(hostOf({ port: 'ws' }), '8546')
  t.assert.equal(hostOf({ port: '7545' }), '7545')
  t.assert.equal(found([slice], { 'ws-port': 'ws' }).nodes[0]?.ws?.href, 'ws://10.0.0.1:8546/')
  t.assert.deepEqual(found([slice], { port: 'eth' }).problems, ['a: it has no port "eth"'])
  const vague = sliceOf('b', ['10.0.0.1'], { ports: [{ port: 1 }, { port: 2 }] })
  t.assert.match(found([vague]).problems.join(), /^b: cannot tell which of its ports/)
})

test('the agent of the machine that a pod runs on speaks for it', (t: TestContext) => {
  const agents = {
    metadata: { name: 'agents-1', labels: { 'kubernetes.io/service-name': 'agents' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.1.0.1'], nodeName: 'machine-1' },
      { addresses: ['10.1.0.2'], nodeName: 'machine-2' },
    ],
    ports: [{ port: 8560 }],
  }
  const slices = [sliceOf('a', ['10.0.0.1']), agents]
  const { nodes } = found(slices, { 'agent-service': 'agents' })
  t.assert.deepEqual(
    nodes.map(({ id, agent }) => [id, agent?.host]),
    [['geth-1', '10.1.0.1:8560']],
  )
  t.assert.equal(found(slices).nodes[0]?.agent, undefined)
})

function found(slices: readonly object[], but: Partial<KubernetesConfig> = {}) {
  const { kubernetes } = providersSchema.parse({ kubernetes: { service: 'geth' } })
  if (kubernetes === undefined) throw new Error('no configuration')
  return nodesIn(
    slices.map((slice) => endpointSlice.parse(slice)),
    { ...kubernetes, ...but },
  )
}
