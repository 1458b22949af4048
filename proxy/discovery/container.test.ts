import { type TestContext, test } from 'node:test'
import { parseConstraints } from './constraints.ts'
import { type Container, type ContainerRules, nodeOf } from './container.ts'

const id = 'ab'.repeat(32)
const rules: ContainerRules = {
  network: null,
  constraints: [],
  hostPorts: false,
  host: '127.0.0.1',
  agent: null,
}

test('a container is a node only if it says so, and while it runs', (t: TestContext) => {
  t.assert.equal(nodeOf(containerOf({}), rules), null)
  t.assert.equal(nodeOf(containerOf({ enable: 'false' }), rules), null)
  for (const State of ['created', 'exited', 'dead', 'restarting', 'removing']) {
    t.assert.equal(nodeOf(containerOf({ enable: 'true' }, { State }), rules), null, State)
  }
  const node = nodeOf(containerOf({ enable: 'true' }, { State: 'paused' }), rules)
  t.assert.deepEqual([node?.id, node?.url.href], ['geth-1', 'http://172.17.0.2:8545/'])
  t.assert.deepEqual(node?.['reported-as'], ['geth-1', id])
})

test('labels say where and what it is', (t: TestContext) => {
  const labels = {
    enable: '1',
    name: 'paris',
    port: '9545',
    scheme: 'https',
    path: 'rpc',
    'ws.port': '9546',
    'ws.path': '/ws',
    'chain-id': '0x539',
    weight: '1.5',
    drain: 'true',
    'agent.port': '8560',
  }
  const node = nodeOf(containerOf(labels), rules)
  t.assert.deepEqual(
    { ...node, url: node?.url.href, ws: node?.ws?.href, agent: node?.agent?.href },
    {
      id: 'paris',
      url: 'https://172.17.0.2:9545/rpc',
      ws: 'wss://172.17.0.2:9546/ws',
      agent: 'http://172.17.0.2:8560/',
      'reported-as': ['paris', 'geth-1', id],
      cores: 1.5,
      'chain-id': 1337,
      drain: true,
    },
  )
})

test('the agent is its own, or the one of the host, or none', (t: TestContext) => {
  const agent = new URL('http://127.0.0.1:8560')
  const agentOf = (labels: Record<string, string>): string | undefined =>
    nodeOf(containerOf({ enable: 'true', ...labels }), { ...rules, agent })?.agent?.href
  t.assert.equal(agentOf({}), 'http://127.0.0.1:8560/')
  t.assert.equal(agentOf({ 'agent.url': 'http://10.0.0.7:1/' }), 'http://10.0.0.7:1/')
  t.assert.equal(agentOf({ 'agent.mode': 'none' }), undefined)
})

test('its port is 8545, or the only other one that its image exposes', (t: TestContext) => {
  const hostOf = (...ports: readonly number[]): string | undefined =>
    nodeOf(
      containerOf(
        { enable: 'true' },
        { Ports: ports.map((PrivatePort) => ({ PrivatePort, Type: 'tcp' })) },
      ),
      rules,
    )?.url.host
  t.assert.equal(hostOf(), '172.17.0.2:8545')
  t.assert.equal(hostOf(4000), '172.17.0.2:4000')
  t.assert.equal(hostOf(4000, 8545), '172.17.0.2:8545')
  t.assert.equal(hostOf(4000, 5000), '172.17.0.2:8545')
})

test('its address is the one on the network that is named, as Compose names it too', (t: TestContext) => {
  const networks = {
    a: { IPAddress: '10.1.0.2' },
    shop_eth: { IPAddress: '10.2.0.2' },
    six: { IPAddress: '', GlobalIPv6Address: 'fd00::2' },
  }
  const hostOf = (labels: Record<string, string>, but: Partial<ContainerRules> = {}) =>
    nodeOf(
      containerOf(
        { enable: 'true', ...labels },
        { NetworkSettings: { Networks: networks }, project: 'shop' },
      ),
      { ...rules, ...but },
    )?.url.host
  t.assert.equal(hostOf({}), '10.1.0.2:8545')
  t.assert.equal(hostOf({ network: 'shop_eth' }), '10.2.0.2:8545')
  t.assert.equal(hostOf({}, { network: 'eth' }), '10.2.0.2:8545')
  t.assert.equal(hostOf({ network: 'six' }), '[fd00::2]:8545')
  t.assert.throws(
    () => hostOf({ network: 'b' }),
    /^ContainerProblem: geth-1: not on the network b$/,
  )
})

test('from outside of the network it is dialled at a published port', (t: TestContext) => {
  const Ports = [
    { PrivatePort: 8545, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 8545, PublicPort: 32768, Type: 'tcp' },
  ]
  const published = containerOf({ enable: 'true' }, { Ports })
  const outside = { ...rules, hostPorts: true, host: '10.0.0.9' }
  t.assert.equal(nodeOf(published, outside)?.url.host, '10.0.0.9:32768')
  t.assert.throws(
    () => nodeOf(containerOf({ enable: 'true' }), outside),
    /port 8545 is not published on the host/,
  )
  const HostConfig = { NetworkMode: 'host' }
  const own = containerOf({ enable: 'true' }, { HostConfig, NetworkSettings: { Networks: {} } })
  t.assert.equal(nodeOf(own, outside)?.url.host, '10.0.0.9:8545')
})

test('one that wants to be a node and cannot be one says why', (t: TestContext) => {
  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ port: '0' }, /want a port, not "0"/],
    [{ port: 'http' }, /want a port, not "http"/],
    [{ weight: 'heavy' }, /cores: /],
    [{ weight: '-1' }, /cores: /],
    [{ 'chain-id': 'main' }, /chain-id: /],
    [{ scheme: 'ftp' }, /url: want a URL/],
    [{ name: 'a b' }, /id: want 1 to 63/],
    [{ 'agent.url': 'nowhere' }, /agent: want a URL/],
  ]
  for (const [labels, problem] of wrong) {
    t.assert.throws(() => nodeOf(containerOf({ enable: 'true', ...labels }), rules), problem)
  }
  const NetworkSettings = { Networks: { a: { IPAddress: '' } } }
  t.assert.throws(
    () => nodeOf(containerOf({ enable: 'true' }, { NetworkSettings }), rules),
    /it has no address/,
  )
})

test('one that its own health check calls unhealthy takes no calls while others can', (t: TestContext) => {
  const drainOf = (Status: string) =>
    nodeOf(containerOf({ enable: 'true' }, { Status }), rules)?.drain
  t.assert.equal(drainOf('Up 3 minutes (unhealthy)'), true)
  t.assert.equal(drainOf('Up 3 minutes (healthy)'), undefined)
  t.assert.equal(drainOf('Up 1 second (health: starting)'), undefined)
})

test('constraints keep out who does not meet them all', (t: TestContext) => {
  const passes = (text: string, labels: Record<string, string>, project?: string): boolean => {
    const constraints = parseConstraints(text)
    const found = containerOf({ enable: 'true', ...labels }, project ? { project } : {})
    return nodeOf(found, { ...rules, constraints }) !== null
  }
  t.assert.equal(passes('pool==mainnet', {}), false)
  t.assert.equal(passes('pool==default', {}), true)
  t.assert.equal(passes('pool==mainnet', { pool: 'mainnet' }), true)
  t.assert.equal(passes('pool==mainnet', {}, 'mainnet'), true)
  t.assert.equal(passes('pool==a && roles!=archive', { pool: 'a', roles: 'archive' }), false)
  t.assert.equal(passes('pool==a && roles!=archive', { pool: 'a' }), true)
  for (const wrong of ['', 'pool', 'pool=a', 'pool==a && ', 'pool==a||b==c', '==a']) {
    t.assert.throws(() => parseConstraints(wrong), /want label==value/, wrong)
  }
})

/** As the list shows a container on the default network. */
function containerOf(
  labels: Record<string, string>,
  { project, ...but }: Partial<Container> & { readonly project?: string } = {},
): Container {
  const own = Object.entries(labels).map(([name, value]) => [`equipoise.${name}`, value])
  return {
    Id: id,
    Names: ['/geth-1'],
    Labels: {
      ...Object.fromEntries(own),
      ...(project === undefined ? {} : { 'com.docker.compose.project': project }),
    },
    State: 'running',
    Status: 'Up 3 seconds',
    Ports: [],
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2' } } },
    ...but,
  }
}
