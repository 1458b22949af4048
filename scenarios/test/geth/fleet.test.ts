import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { quantity, text } from '../../fleets/block.ts'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { signedTransfers } from '../../fleets/geth/transfers.ts'
import { burnInput, workContracts } from '../../fleets/geth/work-contracts.ts'
import { GethFleet } from '../../fleets/geth.ts'
import { field, NodeRefusal, NodeRpc } from '../../fleets/node-rpc.ts'
import { Reaper } from '../../reaper.ts'
import { descendants, running } from '../process-table.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false

suite('a fleet of Geths', { skip, timeout: 120_000 }, () => {
  let fleet: GethFleet
  let folder: string
  let reaper: Reaper
  let pids: readonly (number | null)[]
  const rpcs: NodeRpc[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'equipoise-geths-'))
    reaper = new Reaper(folder)
    fleet = await GethFleet.start({
      nodes: 3,
      blockTimeMs: null,
      cpus: [0.6, 0.8, 1],
      folder,
      reaper,
      onEvent: () => {},
    })
    pids = fleet.nodes.map((node) => node.pid())
    rpcs.push(...fleet.nodes.map(({ url }) => new NodeRpc(url, 10_000)))
  })

  after(async () => {
    await Promise.all(rpcs.map((rpc) => rpc.close()))
    await fleet.close()
    await reaper.close()
  })

  test('all nodes have each block as soon as it is sealed', async (t: TestContext) => {
    const { number, hash } = await fleet.seal()
    for (const block of await heads()) t.assert.deepEqual(block, { number, hash })
  })

  test('a transaction sent to one node is mined for all', async (t: TestContext) => {
    // The chain has 2000 of them already; the next is the 201st of the first account.
    const [[raw = ''] = []] = await signedTransfers(1, 40, 50)
    const hash = await rpcs[2]?.call('eth_sendRawTransaction', raw)
    const knows = async (rpc: NodeRpc) =>
      (await rpc.call('eth_getTransactionByHash', hash)) !== null
    while (!(await Promise.all(rpcs.map(knows))).every(Boolean)) await pause(10)
    const block = await fleet.seal()
    for (const rpc of rpcs) {
      const receipt = await rpc.call('eth_getTransactionReceipt', hash)
      t.assert.equal(field(receipt, 'blockHash'), block.hash)
      t.assert.equal(field(receipt, 'status'), '0x1')
    }
  })

  test('the chain holds logs, and contracts to call', async (t: TestContext) => {
    const { logBlocks, transactions } = fleet.facts
    const range = { fromBlock: hex(logBlocks?.first ?? 0), toBlock: hex(logBlocks?.last ?? 0) }
    for (const rpc of rpcs) {
      const logs = await indexed(() => rpc.call('eth_getLogs', range))
      t.assert.equal(Array.isArray(logs) ? logs.length : 0, 2_000)
    }
    const call = { to: workContracts.burner.address, data: burnInput(1_000) }
    const hashes = await Promise.all(rpcs.map((rpc) => rpc.call('eth_call', call, 'latest')))
    t.assert.match(text(hashes[0]), /^0x(?!0{64})[0-9a-f]{64}$/)
    t.assert.equal(new Set(hashes).size, 1)
    const gas = quantity(await rpcs[0]?.call('eth_estimateGas', call))
    t.assert.ok(gas > 80_000 && gas < 110_000, `1000 rounds of 80 gas, not ${gas}`)
    const trace = await rpcs[1]?.call('debug_traceCall', call, 'latest', { tracer: 'callTracer' })
    t.assert.equal(field(trace, 'output'), hashes[0])
    t.assert.equal(transactions.length, 400)
  })

  test('a node that lags stays where it is, says it is well, and catches up', async (t: TestContext) => {
    const stood = await fleet.seal()
    fleet.lag('geth-2')
    for (let i = 0; i < 3; i += 1) await fleet.seal()
    const [first, lagging] = await heads()
    t.assert.equal(first?.number, stood.number + 3)
    t.assert.equal(lagging?.number, stood.number)
    t.assert.equal(await rpcs[1]?.call('eth_syncing'), false)
    await fleet.catchUp('geth-2')
    t.assert.deepEqual((await heads())[1], first)
  })

  test('a reorganisation replaces blocks on all nodes', async (t: TestContext) => {
    for (let i = 0; i < 3; i += 1) await fleet.seal()
    const before = fleet.head
    const place = hex(before.number - 1)
    const [old] = await blocks(place)
    const { number } = await fleet.reorg(2)
    t.assert.equal(number, before.number + 1)
    const now = await blocks(place)
    t.assert.equal(new Set(now).size, 1)
    t.assert.notEqual(now[0], old)
    const [kept, ...others] = await blocks(hex(before.number - 2))
    t.assert.deepEqual(others, [kept, kept], 'below it all is as it was')
    await t.assert.rejects(fleet.reorg(32), RangeError)
  })

  test('a killed node is left out, and has the head when it is back', async (t: TestContext) => {
    await fleet.kill('geth-1')
    for (let i = 0; i < 4; i += 1) await fleet.seal()
    t.assert.equal(fleet.nodes[0]?.pid(), null)
    await fleet.restart('geth-1')
    const { number, hash } = fleet.head
    for (const block of await heads()) t.assert.deepEqual(block, { number, hash })
  })

  test('a frozen node answers nothing, and follows when it goes on', async (t: TestContext) => {
    const { url } = fleet.nodes[2] ?? { url: '' }
    const impatient = new NodeRpc(url, 200)
    t.after(() => impatient.close())
    fleet.freeze('geth-3')
    const answers = async (): Promise<boolean> =>
      await impatient.call('eth_blockNumber').then(
        () => true,
        () => false,
      )
    while (await answers()) await pause(10) // The signal takes a moment to reach all its threads.
    fleet.thaw('geth-3')
    await fleet.seal()
    while ((await heads())[2]?.hash !== fleet.head.hash) await pause(20)
  })

  test('a quota can be changed while a node runs', async (t: TestContext) => {
    const group = fleet.group('geth-1')
    if (group === null) return t.skip('this machine does not let us set quotas')
    await fleet.setCpus('geth-1', 0.2)
    t.assert.equal(fleet.nodes[0]?.cpus, 0.2)
    const throttled = async (): Promise<number> => await throttledPeriods(group.directories)
    const call = { to: workContracts.burner.address, data: burnInput(100_000) }
    const from = await throttled()
    while ((await throttled()) === from) await rpcs[0]?.call('eth_call', call, 'latest')
  })

  test('a node busy under a small quota puts what is pending into blocks', async (t: TestContext) => {
    if (fleet.group('geth-1') === null) return t.skip('this machine does not let us set quotas')
    // The chain has 2000 of them and, since a test above, the next.
    const [[, ...raws] = []] = await signedTransfers(1, 500, 4)
    for (const raw of raws) await rpcs[0]?.call('eth_sendRawTransaction', raw)
    await fleet.setCpus('geth-1', 0.15)
    const call = { to: workContracts.burner.address, data: burnInput(10_000) }
    let isBusy = true
    const callers = Array.from({ length: 8 }, async () => {
      while (isBusy) await rpcs[0]?.call('eth_call', call, 'latest')
    })
    try {
      for (let mined = 0, blocks = 1; mined < raws.length; blocks += 1) {
        const { hash } = await fleet.seal()
        mined += quantity(await rpcs[2]?.call('eth_getBlockTransactionCountByHash', hash))
        t.assert.ok(mined > 0, `${blocks} empty, and ${raws.length} transactions are pending`)
      }
    } finally {
      isBusy = false
      await Promise.all(callers)
    }
  })

  test('after its close nothing is left', async (t: TestContext) => {
    const groups = fleet.nodes.flatMap(({ id }) => fleet.group(id)?.directories ?? [])
    const last = fleet.nodes.map((node) => node.pid())
    await fleet.close()
    await reaper.close()
    const all = [...pids, ...last].filter((pid) => pid !== null)
    t.assert.deepEqual(await running(all), [])
    t.assert.deepEqual([folder, ...groups].filter(existsSync), [])
  })

  async function heads(): Promise<readonly { number: number; hash: string }[]> {
    const found = await Promise.all(
      rpcs.map((rpc) => rpc.call('eth_getBlockByNumber', 'latest', false)),
    )
    return found.map((block) => ({
      number: quantity(field(block, 'number')),
      hash: text(field(block, 'hash')),
    }))
  }

  /** Hashes of the block at a place, node by node. */
  async function blocks(place: string): Promise<readonly unknown[]> {
    const found = await Promise.all(
      rpcs.map((rpc) => rpc.call('eth_getBlockByNumber', place, false)),
    )
    return found.map((block) => field(block, 'hash'))
  }
})

test('killed itself, a program with a fleet of Geths leaves nothing behind', {
  skip,
  timeout: 60_000,
}, async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-up-geth-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const bin = new URL('../../bin.ts', import.meta.url).pathname
  const ports = ['--http.port', '0', '--admin.port', '0', '--agent.port', '0']
  const flags = ['up', '--client', 'geth', '--nodes', '2', '--cpu', '0.5,1', ...ports]
  const child = spawn(process.execPath, [bin, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Ctrl-C ends all of it.')) break
  }
  const endpoint = /Endpoint +(\S+)/.exec(said)?.[1] ?? ''
  const rpc = new NodeRpc(endpoint, 10_000)
  t.after(() => rpc.close())
  t.assert.equal(await rpc.call('eth_chainId'), hex(1_337))
  const family = await descendants(child.pid ?? 0)
  t.assert.equal(family.length, 5, 'two nodes, agent, proxy and the reaper')
  child.kill('SIGKILL')
  while ((await running(family)).length > 0) await pause(20)
  const left = (await readdir(folder)).filter((name) => !name.startsWith('equipoise-chains'))
  t.assert.deepEqual(left, [])
})

/** A Geth that is started on a chain looks through it for logs first, and says so for a moment. */
async function indexed(ask: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      const isEarly = error instanceof NodeRefusal && error.message.includes('log value pointer')
      if (!isEarly || tries > 200) throw error
      await pause(50)
    }
  }
}

async function throttledPeriods(directories: readonly string[]): Promise<number> {
  const stat = await readFile(join(directories[0] ?? '', 'cpu.stat'), 'utf8')
  return Number(/nr_throttled (\d+)/.exec(stat)?.[1])
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}
