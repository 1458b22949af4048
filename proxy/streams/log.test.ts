import { type TestContext, test } from 'node:test'
import type { Reply } from '../rpc/reply.ts'
import { HeaderShape } from './header.ts'
import { asRemoved, parseLogs } from './log.ts'
import { PoolMerge, SyncingMerge } from './merge.ts'

const hash = `0x${'b'.repeat(64)}`

function reply(text: string): Reply {
  const body = Buffer.from(text)
  return { kind: 'result', body, start: 0, end: body.length }
}

function log(index: string, more = ',"removed":false'): string {
  return `{"address":"0xAb","topics":["0xCd"],"data":"0x00","blockHash":"${hash}","logIndex":"${index}"${more}}`
}

test('logs are the bytes of the node, each once, in their order', (t: TestContext) => {
  const logs = parseLogs(reply(`[ ${log('0x0')} ,${log('0x1')},${log('0x0')}]`), hash)
  t.assert.deepEqual(
    logs?.map(({ bytes }) => String(bytes)),
    [log('0x0'), log('0x1')],
  )
  t.assert.equal(logs?.[0]?.address, '0xab')
  t.assert.deepEqual(logs?.[0]?.topics, ['0xcd'])
  t.assert.deepEqual(parseLogs(reply(' [ ] '), hash), [])
})

test('logs of another block, and what is no list of logs, are no answer', (t: TestContext) => {
  for (const text of [`[${log('0x0')}]`, 'null', '{}', '[1]', '[{}]', '[']) {
    t.assert.equal(parseLogs(reply(text), `0x${'c'.repeat(64)}`), null, text)
  }
  t.assert.equal(parseLogs({ ...reply('[]'), kind: 'error' }, hash), null)
})

test('a removed log differs in that alone', (t: TestContext) => {
  const removed = (more: string) => {
    const [first] = parseLogs(reply(`[${log('0x0', more)}]`), hash) ?? []
    return first === undefined ? '' : String(asRemoved(first).bytes)
  }
  t.assert.equal(removed(',"removed":false'), log('0x0', ',"removed":true'))
  t.assert.equal(removed(',"removed":true'), log('0x0', ',"removed":true'))
  t.assert.equal(removed(''), log('0x0', ',"removed":true'))
  t.assert.equal(removed(',"removed":false,"x":1'), log('0x0', ',"removed":true,"x":1'))
})

test('a header has the members that nodes tell, in their order, with the bytes of the block', (t: TestContext) => {
  const shape = new HeaderShape()
  const block = reply(
    '{"hash":"0x1","number":"0x0a","size":"0x2","extra":"<&\\u003c","transactions":[]}',
  )
  t.assert.match(
    String(shape.headerOf(block)),
    /^\{"parentHash":null,.*"number":"0x0a",.*"hash":"0x1"\}$/,
  )
  shape.learn(Buffer.from('{"number":"0x9","extra":"","fork":null,"hash":"0x0"}'))
  t.assert.equal(
    String(shape.headerOf(block)),
    '{"number":"0x0a","extra":"<&\\u003c","fork":null,"hash":"0x1"}',
  )
  t.assert.equal(shape.headerOf(reply('null')), null)
})

test('a transaction is told once, by its hash alone or whole', (t: TestContext) => {
  const merge = new PoolMerge()
  const told = ['"0xAB"', '"0xab"', '{"hash":"0xab","nonce":"0x1"}', '{"hash":"0xcd"}', '"0xcd"']
    .map((text) => merge.take('a', Buffer.from(text)))
    .map((result) => (result === null ? null : String(result)))
  t.assert.deepEqual(told, ['"0xAB"', null, null, '{"hash":"0xcd"}', null])
})

test('a fleet is syncing while all of its nodes are', (t: TestContext) => {
  const merge = new SyncingMerge(() => 2)
  const take = (node: string, text: string) => {
    const told = merge.take(node, Buffer.from(text))
    return told === null ? null : String(told)
  }
  t.assert.equal(take('a', '{"syncing":true}'), null)
  t.assert.equal(take('b', '{"syncing":true}'), '{"syncing":true}')
  t.assert.equal(take('a', 'false'), 'false')
  t.assert.equal(take('b', 'false'), null)
})
