import { type TestContext, test } from 'node:test'
import { stubNodes } from '../test/stub-node.ts'
import { wiredProxy } from '../test/wired-proxy.ts'

const read = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}'

test('calls and checks go to the path and query of an address, with its name and password', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  const url = `${node.url.replace('//', '//us%40er:p%3Aw@')}/v3/key?x=1`
  const { url: proxy, adminUrl } = await wiredProxy(t, [{ name: 'a', url }])
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(proxy, { method: 'POST', headers, body: read })
  t.assert.match(await answer.text(), /"node":"a"/)
  t.assert.deepEqual([...node.paths], ['/v3/key?x=1'])
  const credentials = Buffer.from('us@er:p:w').toString('base64')
  t.assert.deepEqual([...node.authorizations], [`Basic ${credentials}`])
  const fleet = await (await fetch(`${adminUrl}/api/fleet`)).text()
  t.assert.equal(/us%40er|p%3Aw|key/.test(fleet), false)
})

test('without a name in its address a node is shown none', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  await wiredProxy(t, [node])
  t.assert.deepEqual([...node.authorizations], [undefined])
})
