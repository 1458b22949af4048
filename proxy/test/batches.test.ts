import { type TestContext, test } from 'node:test'
import { asFlags, type ProxyProcess, type RpcAnswer, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const read = (param: unknown) => call('eth_getBalance', param)
const write = (param: unknown) => call('eth_sendRawTransaction', param)

test('a batch', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const [a, b] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])

  await t.test('reads that stand together go to one node, as one batch', async (t: TestContext) => {
    for (const node of nodes) node.reset()
    const answers = await post(
      proxy,
      Array.from({ length: 20 }, (_, i) => read(i)),
    )
    t.assert.equal(new Set(answers.map(({ result }) => result?.node)).size, 1)
    t.assert.equal(new Set(nodes.flatMap(({ calls }) => calls.map(({ body }) => body))).size, 1)
  })

  await t.test(
    'answers come in order with the ids they had, though all ids are the same',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const calls = Array.from({ length: 50 }, (_, i) => (i % 7 === 3 ? write(i) : read(i)))
      const answers = await post(proxy, calls)
      t.assert.deepEqual(
        answers.map(({ id, result }) => [id, result?.['params']]),
        calls.map((_, i) => [1, [i]]),
      )
    },
  )

  await t.test(
    'a read behind a write is asked when the write is answered, and not before',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const seen: string[] = []
      const answered = Promise.withResolvers<{ result: string }>()
      for (const node of nodes) {
        for (const method of ['eth_getBalance', 'eth_sendRawTransaction', 'eth_newFilter']) {
          node.on(method, ({ params }) => {
            seen.push(`${method} ${params}`)
            if (method !== 'eth_sendRawTransaction') return { result: null }
            return answered.promise
          })
        }
      }
      const arrived = Promise.race(nodes.map((node) => node.arrival('eth_sendRawTransaction')))
      const filter = call('eth_newFilter', 4)
      const batch = post(proxy, [read(1), write(2), read(3), filter, write(5), read(6)])
      await arrived
      t.assert.deepEqual(seen, ['eth_getBalance 1', 'eth_sendRawTransaction 2'])
      answered.resolve({ result: '0x' })
      await batch
      t.assert.deepEqual(seen, [
        'eth_getBalance 1',
        'eth_sendRawTransaction 2',
        'eth_getBalance 3',
        'eth_newFilter 4',
        'eth_sendRawTransaction 5',
        'eth_getBalance 6',
      ])
    },
  )

  await t.test('whose node fails it is answered whole by another', async (t: TestContext) => {
    for (const node of nodes) node.reset()
    for (const failure of ['drop', 'cut', { whole: '[]' }, { whole: '<html>' }] as const) {
      a.on('eth_getBalance', () => failure)
      for (let i = 0; i < 2; i += 1) {
        const answers = await post(proxy, [read(0), read(1), read(2)])
        t.assert.deepEqual(
          answers.map(({ result }) => [result?.node, result?.['params']]),
          [0, 1, 2].map((param) => [b.name, [param]]),
        )
      }
    }
  })

  await t.test(
    'notifications are carried out and not answered, what is no message is told so',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const silent = '{"jsonrpc":"2.0","method":"eth_getBalance","params":["n"]}'
      t.assert.equal(await proxy.post(silent), '')
      t.assert.equal(await proxy.post(`[${silent},${silent}]`), '')
      const mixed = await proxy.post(`[${silent},7,${JSON.stringify(read(1))},[]]`)
      const answers = JSON.parse(mixed) as RpcAnswer[]
      t.assert.deepEqual(
        answers.map(({ id, error, result }) => [id, error?.code ?? result?.['params']]),
        [
          [null, -32600],
          [1, [1]],
          [null, -32600],
        ],
      )
      const carriedOut = [...a.calls, ...b.calls].filter(({ params }) => String(params) === 'n')
      t.assert.equal(carriedOut.length, 4)
    },
  )
})

test('a batch above its limits', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const limits = ['--rpc.batch-response-max-size', '1000', '--rpc.batch-request-limit', '3']
  const proxy = await runningProxy(t, [...asFlags(nodes), ...limits])

  await t.test(
    'behind the answer that is too much nothing is carried out, no write above all',
    async (t: TestContext) => {
      node.reset()
      node.on('eth_getBalance', () => ({ result: 'x'.repeat(2_000) }))
      const answers = await post(proxy, [read(0), write(1), read(2)])
      t.assert.deepEqual(
        answers.map(({ error }) => error?.code),
        [undefined, -32003, -32003],
      )
      t.assert.deepEqual(node.methods, ['eth_getBalance'])
    },
  )

  await t.test(
    'of too many calls is refused whole, in the words of Geth',
    async (t: TestContext) => {
      node.reset()
      const three = await post(proxy, [read(0), read(1), read(2)])
      t.assert.equal(three.length, 3)
      t.assert.equal(
        await proxy.post(JSON.stringify([0, read(1), read(2), read(3)])),
        '[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"batch too large"}}]',
      )
      t.assert.equal(node.calls.length, 3)
    },
  )
})

function call(method: string, param: unknown): object {
  return { jsonrpc: '2.0', id: 1, method, params: [param] }
}

async function post(proxy: ProxyProcess, calls: readonly object[]): Promise<readonly RpcAnswer[]> {
  return JSON.parse(await proxy.post(JSON.stringify(calls)))
}
