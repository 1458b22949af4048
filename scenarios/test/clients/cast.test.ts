import { after, before, type TestContext, test } from 'node:test'
import { artifactOf } from '../../contracts/artifacts.ts'
import type { Stack } from '../../stack.ts'
import { cast, castFailure, castFeed } from './cast.ts'
import { marblesBytecode } from './marbles.ts'
import { nodesAre, standingStack } from './standing-stack.ts'
import { playedAlike, type Target, targetsOf } from './targets.ts'

const created = 'Created(bytes32,address,string,string,uint256)'
const fundsBytecode = artifactOf('PrivateEquity').bytecode

let stack: Stack
before(async () => {
  stack = await standingStack()
})
after(async () => {
  await stack.close()
})

test('cast: what is sent is mined, by keys, by accounts of the node and as bytes', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const { url } = target
    const funds = await sent(target, keyOf(0), '--create', fundsBytecode)
    const open = [funds.contractAddress, 'openFund(uint256,uint256)', '10', '100']
    const opened = await sent(target, keyOf(0), ...open)
    const { address = '' } = stack.accounts[1] ?? {}
    const byNode = nodesAre === 'anvil' ? ['--unlocked', '--from', address] : keyOf(1) // Geth has no accounts.
    const unlocked = await sent(target, byNode, ...open)
    const raw = await cast(url, 'mktx', ...keyOf(2), address, '--value', '7')
    const published = JSON.parse(await cast(url, 'publish', raw))
    await target.has(BigInt(published.blockNumber))
    return {
      outcomes: [funds, opened, unlocked, published].map(({ status, gasUsed, logs, type }) => {
        return { status, gasUsed, logs: logs.length, type }
      }),
      sender: await cast(url, 'tx', published.transactionHash, 'from'),
      funds: await cast(url, 'call', funds.contractAddress, 'fundCount()(uint256)'),
      again: inGethsCode(await castFailure(url, 'publish', raw)).replaceAll(/nonce \d+/g, 'nonce'),
    }
  })
})

test('cast: each log is told once to one who subscribed', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const { contractAddress } = await sent(target, keyOf(3), '--create', marblesBytecode)
    const about = ['--address', contractAddress, created]
    const heard = castFeed(t, target.wsUrl, ['logs', '--subscribe', ...about])
    let first = 0n
    for (let i = 0; heard.values.length === 0; i += 1) {
      first = BigInt((await marble(target, contractAddress, `first ${i}`)).blockNumber)
    }
    const names = ['lion', 'puma', 'lynx']
    const hashes: string[] = []
    for (const name of names) {
      hashes.push((await marble(target, contractAddress, name)).transactionHash)
    }
    await heard.until((lines) => hashesIn(lines).includes(hashes.at(-1) ?? ''))
    const told = hashesIn(heard.values)
    t.assert.deepEqual(told.slice(-names.length), hashes)
    t.assert.equal(new Set(told).size, told.length)
    const range = ['--from-block', String(first + 1n), ...about, '--json']
    const logs = JSON.parse(await cast(target.url, 'logs', ...range))
    return { logs: logs.map(({ data }: { readonly data: string }) => data) }
  })
})

test('cast: of one block a node and the proxy tell the same, to the letter', async (t: TestContext) => {
  const [node, proxy] = targetsOf(stack)
  const { contractAddress: address } = await sent(node, keyOf(4), '--create', marblesBytecode)
  const { transactionHash: hash, blockNumber, blockHash } = await marble(node, address, 'tiger', 4)
  const number = String(BigInt(blockNumber))
  const [owner = '', stranger = ''] = stack.accounts.slice(4).map((account) => account.address)
  const id = await cast(node.url, 'call', address, 'idOf(string)(bytes32)', 'tiger')
  const at = ['--block', number]
  const timestamp = await cast(node.url, 'block', number, '--field', 'timestamp')
  const questions = [
    ['block', number],
    ['block', number, '--full', '--json'],
    ['block', blockHash, '--json'],
    ['block', '99999999'],
    ['tx', hash],
    ['tx', hash, '--json'],
    ['tx', `0x${'1'.repeat(64)}`],
    ['receipt', hash, '--json'],
    ['logs', '--from-block', number, '--to-block', number, '--address', address, created],
    ['call', ...at, address, 'get(bytes32)((string,string,uint256,address,uint64))', id],
    ['call', ...at, address, 'get(bytes32)', `0x${'1'.repeat(64)}`],
    ['call', ...at, '--from', stranger, address, 'transfer(bytes32,address)', id, address],
    ['estimate', '--from', owner, address, 'create(string,string,uint256)', 'tiger', 'red', '9'],
    ['access-list', ...at, '--from', owner, address, 'transfer(bytes32,address)', id, address],
    ['balance', ...at, owner],
    ['nonce', ...at, owner],
    ['code', ...at, address],
    ['storage', ...at, address, '3'],
    ['proof', ...at, address, '3'],
    ['base-fee', number],
    ['age', number],
    ['find-block', timestamp],
    ['chain-id'],
    ['chain'],
    ['rpc', 'eth_getBlockByNumber', hex(number), 'true'],
    ['rpc', '--raw', 'eth_getBlockByNumber', `["${hex(number)}", false]`],
    ['rpc', 'eth_getBalance', 'no address', 'latest'],
  ]
  for (const question of questions) {
    const direct = await toldOf(node.url, question)
    t.assert.equal(await toldOf(proxy.url, question), direct, question.join(' '))
    t.assert.equal(
      await toldOf(proxy.wsUrl, question),
      direct,
      `${question.join(' ')} by WebSocket`,
    )
  }
})

test('cast: an unknown method is refused in the words of Geth', async (t: TestContext) => {
  const [node, proxy] = targetsOf(stack)
  const ofGeth = nodesAre === 'geth' ? [node.url, node.wsUrl] : []
  for (const url of [...ofGeth, proxy.url, proxy.wsUrl]) {
    t.assert.match(
      await castFailure(url, 'rpc', 'eth_nope'),
      /error code -32601: the method eth_nope does not exist\/is not available/,
    )
  }
})

/** Anvil's code for what it does not take is another; the proxy gives Geth's. */
function inGethsCode(said: string): string {
  return nodesAre === 'anvil' ? said.replace('code -32003: nonce', 'code -32000: nonce') : said
}

/** What it prints, or what it says when it fails. */
async function toldOf(url: string, args: readonly string[]): Promise<string> {
  const said = await cast(url, ...args).catch((error: unknown) => error)
  if (typeof said === 'string') return said
  if (said instanceof Error && 'stderr' in said) return `failed: ${said.stderr}`
  throw said
}

/** The receipt of what `cast send` sent, once every node has its block. */
async function sent({ url, has }: Target, sender: readonly string[], ...args: readonly string[]) {
  const receipt = JSON.parse(await cast(url, 'send', '--json', ...sender, ...args))
  if (receipt.status !== '0x1') throw new Error(`cast send ${args.join(' ')} failed`)
  await has(BigInt(receipt.blockNumber))
  return receipt
}

async function marble(target: Target, address: string, name: string, index = 3) {
  return await sent(
    target,
    keyOf(index),
    address,
    'create(string,string,uint256)',
    name,
    'red',
    '9',
  )
}

function keyOf(index: number): readonly string[] {
  return ['--private-key', stack.accounts[index]?.privateKey ?? '']
}

function hashesIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap(
    (line) => /^\s*-?\s*transactionHash:\s+(0x[0-9a-f]{64})/.exec(line)?.[1] ?? [],
  )
}

function hex(number: string): string {
  return `0x${BigInt(number).toString(16)}`
}
