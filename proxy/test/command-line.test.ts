import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, runningProxy, startedProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const someNode = ['--node', 'http://127.0.0.1:9']

test('a port that is taken is told in one line, with the flag that changes it', async (t: TestContext) => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const port = String((taken.address() as AddressInfo).port)
  for (const flag of ['--http.port', '--admin.port']) {
    const other = flag === '--http.port' ? '--admin.port' : '--http.port'
    const quiet = ['--log.level', 'silent', ...someNode]
    const proxy = startedProxy(t, [flag, port, other, '0', ...quiet])
    const { code, stdout, stderr } = await proxy.ended()
    t.assert.deepEqual(
      [code, stdout, stderr],
      [1, '', `equipoise: the port is taken; choose another with ${flag}\n`],
    )
  }
})

test('check-config prints every problem of a file and leaves with 2', async (t: TestContext) => {
  const file = await fileWith(
    t,
    'http: { port: -1 }\nstrategy: best\nadmin: { addr: 0.0.0.0 }\nx: 1',
  )
  const { code, stdout, stderr } = await startedProxy(t, ['check-config', file]).ended()
  t.assert.deepEqual([code, stdout], [2, ''])
  const lines = stderr.trim().split('\n')
  t.assert.deepEqual(lines.map((line) => line.split(':')[0]).sort(), [
    'admin.token-file',
    'http.port',
    'nodes',
    'strategy',
    'x',
  ])
})

test('check-config says that a good file is good', async (t: TestContext) => {
  const file = await fileWith(t, 'nodes: [{ id: a, url: "http://127.0.0.1:1" }]')
  const { code, stdout, stderr } = await startedProxy(t, ['check-config', file]).ended()
  t.assert.deepEqual([code, stdout, stderr], [0, `${file}: ok, 1 nodes, state-space\n`, ''])
})

test('bad usage leaves with 2 and says what is wrong', async (t: TestContext) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--colour', 'red'], /unknown option '--colour'/],
    [['--http.port', 'x', ...someNode], /^http\.port: /],
    [[], /^nodes: name at least one node/],
    [[...someNode, '--strategy', 'best'], /^strategy: /],
    [[...someNode, '--admin.addr', '0.0.0.0'], /^admin\.token-file: needed/],
    [[...someNode, '--admin.token-file', '/nowhere'], /^admin\.token-file: .*\/nowhere/],
    [['serve'], /too many arguments|unknown command/],
  ]
  await Promise.all(
    cases.map(async ([args, words]) => {
      const { code, stderr } = await startedProxy(t, args).ended()
      t.assert.equal(code, 2, stderr)
      t.assert.match(stderr, words)
      t.assert.equal(stderr.trim().split('\n').length, 1, stderr)
    }),
  )
})

test('help shows examples, and version the version alone', async (t: TestContext) => {
  const help = await startedProxy(t, ['--help']).ended()
  t.assert.deepEqual([help.code, help.stderr], [0, ''])
  t.assert.match(help.stdout, /Examples:\n {2}\$ equipoise --node/)
  const version = await startedProxy(t, ['--version']).ended()
  t.assert.deepEqual([version.code, version.stderr], [0, ''])
  t.assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
})

test('a flag counts over the file', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const config = await fileWith(t, 'strategy: round-robin\nhttp: { api: "eth,debug" }')
  const args = [...asFlags(nodes), '--config', config, '--strategy', 'least-connection']
  const proxy = await runningProxy(t, args)
  t.assert.equal((await proxy.fleet()).strategy, 'least-connection')
  const { result } = await proxy.call('rpc_modules')
  t.assert.deepEqual(result, { debug: '1.0', eth: '1.0', rpc: '1.0' })
})

test('who does not say what nodes can do is told which flag helps, and for which nodes', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const agent = ['--agent', 'a=http://127.0.0.1:9']
  const [first] = nodes
  for (const [args, told] of [
    [asFlags(nodes), ['a', 'b']],
    [[...asFlags(nodes), ...agent], ['b']],
    [[...asFlags(nodes), '--strategy', 'round-robin'], []],
    [asFlags([first]), []],
  ] as const) {
    const proxy = await runningProxy(t, args)
    const lines = proxy.stderr.split('\n').filter((line) => line.includes('cores unknown'))
    const seen = lines.flatMap((line) => (JSON.parse(line) as { nodes: string[] }).nodes)
    t.assert.deepEqual(seen, told)
  }
})
