import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { benchCommand, type Said } from './bench-command.ts'

const flags = ['--nodes', '2', '--block-time', '100ms', '--contracts']
const ports = ['--http.port', '0', '--admin.port', '0', '--agent.port', '0']

suite('orders to a stack in the background', { timeout: 180_000 }, () => {
  let folder: string
  let up: Said

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'equipoise-orders-'))
    up = await run('up', '--detach', ...flags, ...ports)
  })

  after(async () => {
    await run('down')
    await rm(folder, { recursive: true, force: true })
  })

  test('it is up when up returns, each step with its time', (t: TestContext) => {
    t.assert.equal(up.code, 0, up.text)
    for (const step of ['nodes', 'agent', 'proxy', 'all seen', 'contracts']) {
      t.assert.match(up.text, new RegExp(`  ${step} +\\d+\\.\\d\\d s`))
    }
    t.assert.match(up.text, /Ready after/)
  })

  test('a fault is shown until it is undone', async (t: TestContext) => {
    for (const fault of ['stop', 'kill']) {
      await succeeds(t, 'fault', fault, 'anvil-2')
      const state = fault === 'kill' ? 'down' : 'up'
      t.assert.match((await run('ps')).text, new RegExp(`anvil-2 +${state} .* ${fault}`))
      const again = await run('fault', fault, 'anvil-2')
      t.assert.equal(again.code, 1, again.text)
      await succeeds(t, 'fault', 'start', 'anvil-2')
      t.assert.match((await run('ps')).text, /anvil-2 +up .*:\d+$/m)
    }
  })

  test('a fault for some time ends by itself', async (t: TestContext) => {
    const told = await succeeds(t, 'fault', 'stop', 'anvil-2', '--for', '100ms')
    t.assert.match(told, /anvil-2 stands still, for 0.1 s/)
    while (/stop$/m.test((await run('ps')).text));
  })

  test('what cannot be done is told in one line', async (t: TestContext) => {
    const orders = [
      [['fault', 'stop', 'anvil-9'], 1, /no node anvil-9, only anvil-1, anvil-2/],
      [['fault', 'lag', 'anvil-1'], 1, /--fleet geth or docker/],
      [['fault', 'cpu-hog', 'anvil-1'], 1, /no CPU quota/],
      [['fault', 'burn', 'anvil-1'], 2, /want one of kill, stop/],
      [['fault', 'start', 'anvil-1', '--for', '1s'], 2, /nothing to undo/],
      [['logs', 'anvil-9'], 1, /no node anvil-9/],
      [['ps', 'me'], 2, /too many arguments/],
      [['down', '--name', 'A B'], 2, /lower-case/],
      [['fault', 'stop', 'anvil-1', '--name', 'other'], 1, /other is not up/],
      [['contract', 'test', 'Nothing'], 1, /no trial of a contract/],
      [['contract', 'deploy', 'package.json'], 1, /Marbles, PrivateEquity, or a JSON file/],
    ] as const
    for (const [order, code, words] of orders) {
      const { text, ...said } = await run(...order)
      t.assert.equal(said.code, code, text)
      t.assert.match(text, words)
      t.assert.equal(text.trimEnd().split('\n').length, 1, text)
    }
  })

  test('contracts are deployed, called and tried through the proxy', async (t: TestContext) => {
    const made = await succeeds(t, 'contract', 'deploy', 'Marbles')
    const address = /0x[0-9a-fA-F]{40}/.exec(made)?.[0] ?? ''
    const call = ['contract', 'call', 'Marbles', address] as const
    const told = await succeeds(t, ...call, 'create', 'Aurora', 'green', '16', '--account', '1')
    t.assert.match(told, /block \d+, \d+ gas, \d+ ms, 0x[0-9a-f]{64}/)
    const id = (await succeeds(t, ...call, 'idOf', 'Aurora')).trim()
    t.assert.match(
      await succeeds(t, ...call, 'get', id),
      /\["Aurora","green","16","0x\w{40}","0"\]/,
    )
    const refused = await run(...call, 'create', 'Aurora', 'green', '16')
    t.assert.equal(refused.code, 1)
    t.assert.match(refused.text, /the contract refused: Exists/)
    for (const contract of ['Marbles', 'PrivateEquity']) {
      t.assert.match(await succeeds(t, 'contract', 'test', contract), /all \d+ calls went/)
    }
  })

  test('a trial that does not go as it is to fails, and says where', async (t: TestContext) => {
    const file = join(folder, 'trial.json')
    const steps = [
      { call: 'fundCount', expect: '7' },
      { call: 'openFund', arguments: [1, 1], reverts: 'Refused' },
    ]
    await writeFile(file, JSON.stringify({ contract: 'PrivateEquity', steps }))
    const { code, text } = await run('contract', 'test', file)
    await rm(file)
    t.assert.equal(code, 1)
    t.assert.match(text, /✖ fundCount: it answered "0", not "7"/)
    t.assert.match(text, /✖ openFund: it was to be refused with Refused/)
    t.assert.match(text, /2 of 3 calls did not go/)
  })

  test('down ends it, and nothing is left', async (t: TestContext) => {
    await succeeds(t, 'down')
    t.assert.equal((await run('ps')).text, 'nothing is up\n')
    t.assert.deepEqual(await readdir(folder), [])
    t.assert.match(await succeeds(t, 'down'), /there was nothing/)
  })

  function run(...args: readonly string[]): Promise<Said> {
    return benchCommand(folder, args)
  }

  async function succeeds(t: TestContext, ...args: readonly string[]): Promise<string> {
    const { code, text } = await run(...args)
    t.assert.equal(code, 0, `${args.join(' ')}: ${text}`)
    return text
  }
})
