import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { addresses, EventChain, headerOf } from './event-chain.ts'
import { FilterClient, httpAsk, SocketClient } from './event-clients.ts'
import { EventNode } from './event-node.ts'
import { asFlags, type ProxyProcess, runningProxy } from './running-proxy.ts'

test('filters outlive the proxy with its journal, and miss and repeat nothing', async (t: TestContext) => {
  const { chain, nodes } = await begin(t)
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-filters-'))
  t.after(() => rm(folder, { recursive: true }))
  const args = [...asFlags(nodes), '--journal', folder]
  const first = await runningProxy(t, args)
  const ask = httpAsk(t, first.url)
  const logs = await FilterClient.make(ask, { address: addresses[1] })
  const blocks = String(await ask('eth_newBlockFilter', []))
  const begun = chain.told.length
  const begunHeads = chain.heads.length
  for (let i = 0; i < 5; i += 1) go(chain.extend(9), nodes)
  await shows(first, chain.head.number)
  await logs.poll()
  const told = (await ask('eth_getFilterChanges', [blocks])) as string[]
  // These are told to nobody before the proxy dies, and the last two are orphaned while it is down.
  for (let i = 0; i < 4; i += 1) go(chain.extend(9), nodes)
  await shows(first, chain.head.number)
  await first.kill()
  const lost = new Set([chain.head.hash, chain.byHash(chain.head.parentHash)?.hash])
  go(chain.reorganise(2, 9), nodes)
  const second = await runningProxy(t, args)
  const again = httpAsk(t, second.url)
  const later = (await again('eth_getFilterChanges', [logs.id])) as typeof logs.told
  const due = chain.told
    .slice(begun)
    .filter(({ address, blockHash }) => address === addresses[1] && !lost.has(blockHash))
  t.assert.deepEqual([...logs.told, ...later], due)
  const laterBlocks = (await again('eth_getFilterChanges', [blocks])) as string[]
  const heads = chain.heads.slice(begunHeads).map(({ hash }) => hash)
  t.assert.deepEqual(
    [...told, ...laterBlocks],
    heads.filter((hash) => !lost.has(hash)),
  )
  t.assert.equal(await again('eth_uninstallFilter', [blocks]), true)
  await t.assert.rejects(again('eth_getFilterChanges', [blocks]), /^Error: filter not found$/)
})

test('a reorganisation of what a client was told before the proxy died is made good', async (t: TestContext) => {
  const { chain, nodes } = await begin(t)
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-filters-'))
  t.after(() => rm(folder, { recursive: true }))
  const args = [...asFlags(nodes), '--journal', folder]
  const first = await runningProxy(t, args)
  const filter = await FilterClient.make(httpAsk(t, first.url), {})
  const begun = chain.told.length
  for (let i = 0; i < 3; i += 1) go(chain.extend(2), nodes)
  await shows(first, chain.head.number)
  await filter.poll()
  await first.kill()
  go(chain.reorganise(2, 2), nodes)
  const second = await runningProxy(t, args)
  const later = await httpAsk(t, second.url)('eth_getFilterChanges', [filter.id])
  t.assert.deepEqual([...filter.told, ...(later as typeof filter.told)], chain.told.slice(begun))
})

test('filters speak as those of Geth do', async (t: TestContext) => {
  const { nodes } = await begin(t)
  const proxy = await runningProxy(t, asFlags(nodes))
  const answers: readonly (readonly [string, string])[] = [
    ['"eth_getFilterChanges","params":["0x1"]', '{"code":-32000,"message":"filter not found"}'],
    ['"eth_getFilterLogs","params":["0x1"]', '{"code":-32000,"message":"filter not found"}'],
    ['"eth_getFilterChanges"', '{"code":-32602,"message":"missing value for required argument 0"}'],
    [
      '"eth_newBlockFilter","params":[1]',
      '{"code":-32602,"message":"too many arguments, want at most 0"}',
    ],
  ]
  for (const [call, error] of answers) {
    const answer = await proxy.post(`{"jsonrpc":"2.0","id":7,"method":${call}}`)
    t.assert.equal(answer, `{"jsonrpc":"2.0","id":7,"error":${error}}`)
  }
  const uninstalled = await proxy.call('eth_uninstallFilter', '0x1')
  t.assert.equal(uninstalled.result, false)
  const { result } = await proxy.call('eth_newFilter', { fromBlock: '0x1', toBlock: '0x2' })
  t.assert.match(String(result), /^0x[1-9a-f][0-9a-f]{0,31}$/)
  const logs = (await proxy.call('eth_getFilterLogs', result)).result
  t.assert.equal((logs as unknown as readonly unknown[]).length, 6)
})

test('heads are told by polling too, in the bytes of Geth, each once', async (t: TestContext) => {
  const chain = new EventChain()
  for (let i = 0; i < 8; i += 1) chain.extend(1)
  const node = await EventNode.start(t, 'quiet', chain, false)
  const proxy = await runningProxy(t, asFlags([node]))
  const client = await SocketClient.open(t, proxy.url)
  const id = await client.subscribe('newHeads')
  const begun = chain.heads.length
  chain.extend(1)
  chain.extend(1)
  node.goTo(chain.extend(1))
  await client.until(() => client.told.get(id)?.length === 3)
  const told = (client.told.get(id) ?? []).map((head) => JSON.stringify(head))
  t.assert.deepEqual(told, chain.heads.slice(begun).map(headerOf))
})

test('a transaction that several nodes tell of is told once', async (t: TestContext) => {
  const { nodes } = await begin(t)
  const proxy = await runningProxy(t, asFlags(nodes))
  const client = await SocketClient.open(t, proxy.url)
  const id = await client.subscribe('newPendingTransactions')
  const filter = String(await client.ask('eth_newPendingTransactionFilter', []))
  const hashes = ['0x01', '0x02', '0x03']
  for (const hash of hashes) for (const node of nodes) node.hear(hash)
  await client.until(() => client.told.get(id)?.at(-1) === '0x03')
  t.assert.deepEqual(client.told.get(id), hashes)
  t.assert.deepEqual(await client.ask('eth_getFilterChanges', [filter]), hashes)
  t.assert.deepEqual(await client.ask('eth_getFilterChanges', [filter]), [])
})

test('metrics tell how many listen to what, and what has ended', async (t: TestContext) => {
  const { nodes } = await begin(t)
  const proxy = await runningProxy(t, asFlags(nodes))
  const client = await SocketClient.open(t, proxy.url)
  for (const kind of ['newHeads', 'logs', 'newPendingTransactions']) {
    await client.subscribe(...(kind === 'logs' ? [kind, {}] : [kind]))
  }
  await client.ask('eth_newFilter', [{}])
  await client.ask('eth_newBlockFilter', [])
  await client.ask('eth_uninstallFilter', [await client.ask('eth_newBlockFilter', [])])
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  for (const line of [
    'filters{kind="logs"} 1',
    'filters{kind="blocks"} 1',
    'filters{kind="transactions"} 0',
    'filters_ended_total{reason="uninstalled"} 1',
    'filters_ended_total{reason="expired"} 0',
    'subscriptions{kind="newHeads"} 1',
    'subscriptions{kind="logs"} 1',
    'subscriptions{kind="newPendingTransactions"} 1',
    'subscriptions{kind="other"} 0',
    'upstream_subscriptions 1',
    'connections_cut_off_total{reason="slow"} 0',
    'stream_gaps_total 0',
  ]) {
    t.assert.ok(text.includes(`\nequipoise_${line}\n`), line)
  }
})

/** Two nodes on one chain. */
async function begin(t: TestContext) {
  const chain = new EventChain()
  for (let i = 0; i < 8; i += 1) chain.extend(3)
  const nodes = await Promise.all(['one', 'two'].map((name) => EventNode.start(t, name, chain)))
  return { chain, nodes }
}

function go(head: EventChain['head'], nodes: readonly EventNode[]): void {
  for (const node of nodes) node.goTo(head)
}

/** Resolves once the proxy serves the block at this height. */
async function shows(proxy: ProxyProcess, height: number): Promise<void> {
  await proxy.until(({ chain }) => chain.head === height)
}
