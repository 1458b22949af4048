import { type TestContext, test } from 'node:test'
import { type Message, parseCalls } from './call.ts'
import { type Family, familyOf, inGethWords } from './families.ts'

const account = '"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"'
const hash = `"0x${'1'.repeat(64)}"`
const headerNotFound = '-32000 header not found'
const forHash = '-32000 header for hash not found'

/** What each family says of a block that it lacks. */
const noBlock: Readonly<Record<Family, readonly (readonly [code: number, text: string])[]>> = {
  anvil: [
    [-32602, 'BlockOutOfRangeError: block height is 0 but requested was 65535'],
    [-32001, 'Resource not found'],
  ],
  besu: [[-32000, 'Block not found']],
  erigon: [
    [-32000, `block ${'1'.repeat(64)} not found`],
    [-32000, 'block 65535 is not executed (last executed: 7)'],
  ],
  hardhat: [
    [-32000, 'Received invalid block tag 65535. Latest block number is 0'],
    [-32000, `Received invalid block tag 0x${'1'.repeat(64)}. Latest block number is 0`],
  ],
  nethermind: [
    [-32000, '4294967295 could not be found'],
    [-32001, `0x${'1'.repeat(64)} could not be found`],
    [-32000, 'header not found'],
    [-32001, 'header not found'],
  ],
  reth: [
    [-32001, 'block not found: number 0xffff'],
    [-32001, `block not found: canonical hash 0x${'1'.repeat(64)}`],
  ],
}

/** What each family says of a method that it does not have, or not serve. */
const noMethod: Readonly<Record<Family, readonly (readonly [code: number, text: string])[]>> = {
  anvil: [[-32601, 'Method not found']],
  besu: [
    [-32601, 'Method not found'],
    [-32604, 'Method not enabled'],
  ],
  erigon: [],
  hardhat: [[-32004, 'Method eth_nope is not supported']],
  nethermind: [
    [-32601, "The method 'eth_nope' is not supported."],
    [-32601, 'Method eth_nope is not supported'],
    [-32600, "The method 'eth_nope' is found but the namespace 'Eth' is disabled for n/a."],
    [-32600, "The method 'eth_nope' is found in namespace 'Eth' for n/a' but is disabled."],
  ],
  reth: [[-32601, 'Method not found']],
}

const allFamilies = Object.keys(noBlock) as Family[]

test('a client is known by the name before the first slash, in any case', (t: TestContext) => {
  for (const [version, family] of [
    ['anvil/v1.7.1', 'anvil'],
    ['HardhatNetwork/2.29.1/@nomicfoundation/edr/0.3.8', 'hardhat'],
    ['reth/v1.8.2-9c30bf7/x86_64-unknown-linux-gnu', 'reth'],
    ['besu/v25.9.0/linux-x86_64/openjdk-java-21', 'besu'],
    ['Nethermind/v1.34.0+2f8c6a3d/linux-x64/dotnet9.0.9', 'nethermind'],
    ['erigon/3.2.0/linux-amd64/go1.24.7', 'erigon'],
    ['Geth/v1.17.5-stable/linux-amd64/go1.26.8', null],
    ['anvilette/v1', null],
    ['my anvil/v1', null],
    ['constructor/v1', null],
    ['', null],
  ] as const) {
    t.assert.equal(familyOf(version), family, version)
  }
})

test('a method that a node lacks is one that does not exist, as in Geth', (t: TestContext) => {
  const expected = '-32601 the method eth_nope does not exist/is not available'
  for (const family of allFamilies) {
    for (const [code, text] of noMethod[family]) {
      t.assert.equal(words(family, 'eth_nope', '[]', code, text), expected, text)
    }
  }
})

test('a block by number that a node lacks has no header, as in Geth', (t: TestContext) => {
  for (const family of allFamilies) {
    for (const [code, text] of noBlock[family]) {
      const params = `[${account},"0xffff"]`
      t.assert.equal(words(family, 'eth_getBalance', params, code, text), headerNotFound, text)
    }
  }
})

test('a block by hash that a node lacks has no header for that hash, as in Geth', (t: TestContext) => {
  for (const family of allFamilies) {
    for (const [code, text] of noBlock[family]) {
      const byHash = (params: string, method = 'eth_getBalance') =>
        t.assert.equal(words(family, method, params, code, text), forHash, params)
      byHash(`[${account},${hash}]`)
      byHash(`[ ${account} ,\n${hash} ]`)
      byHash(`[${account},{"requireCanonical":true,"blockHash":${hash}}]`)
      byHash(`[${account},[],${hash}]`, 'eth_getProof')
      byHash(`[{"to":${account},"data":"],,["},{"blockHash":${hash}},{}]`, 'eth_call')
    }
  }
})

test('what is no hash is none, and params cut short are of the latest block', (t: TestContext) => {
  for (const params of [
    `[${account},"latest"]`,
    `[${account},{"blockNumber":"0xffff"}]`,
    `[${account},{"blockHash":null,"blockNumber":"0xffff"}]`,
    `[${hash},"0xffff"]`,
    `[${hash}]`,
    '[]',
    'null',
  ]) {
    t.assert.equal(
      words('besu', 'eth_getBalance', params, -32000, 'Block not found'),
      headerNotFound,
      params,
    )
  }
  t.assert.equal(words('besu', 'eth_getBalance', null, -32000, 'Block not found'), headerNotFound)
})

test('logs of blocks that a node lacks are out of range, or of an unknown block', (t: TestContext) => {
  const beyond = 'BlockOutOfRangeError: block height is 0 but requested was 4095'
  t.assert.equal(
    words('anvil', 'eth_getLogs', '[{"fromBlock":"0xfff","toBlock":"0xffff"}]', -32602, beyond),
    '-32602 block range extends beyond current head block',
  )
  t.assert.equal(
    words('besu', 'eth_getLogs', `[{"blockHash":${hash}}]`, -32000, 'Block not found'),
    '-32000 unknown block',
  )
})

test('where Geth does not say that a header is missing, nor is it said for it', (t: TestContext) => {
  const [[code, text]] = noBlock.anvil as [[number, string]]
  for (const method of ['eth_getBlockTransactionCountByNumber', 'debug_traceCall', 'eth_nope']) {
    t.assert.equal(words('anvil', method, '["0xffff"]', code, text), null, method)
  }
})

test('all else is passed on', (t: TestContext) => {
  const params = `[${account},"0xffff"]`
  for (const family of allFamilies) {
    for (const [code, text] of [
      [3, 'execution reverted'],
      [-32000, 'nonce too low'],
      [-32602, 'Method not found'],
      [-32601, 'Method not found, or is it?'],
      [-32000, 'Resource not found'],
      [-32000, 'unknown account'],
      [-32602, 'invalid string length'],
    ] as const) {
      t.assert.equal(words(family, 'eth_getBalance', params, code, text), null, text)
    }
  }
})

test('no family speaks for another', (t: TestContext) => {
  for (const family of allFamilies) {
    for (const other of allFamilies) {
      const own = noBlock[family].map(String)
      for (const [code, text] of noBlock[other]) {
        const isOwn = own.includes(String([code, text]))
        const said = words(family, 'eth_getBalance', `[${account},"0xffff"]`, code, text)
        t.assert.equal(said === headerNotFound, isOwn, `${family}: ${text}`)
      }
    }
  }
})

function words(
  family: Family,
  method: string,
  params: string | null,
  code: number,
  text: string,
): string | null {
  const error = inGethWords(family, call(method, params), { code, message: text })
  return error === null ? null : `${error.code} ${error.message}`
}

function call(method: string, params: string | null): Message {
  const member = params === null ? '' : `,"params":${params}`
  const parsed = parseCalls(Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}"${member}}`))
  if (parsed.kind !== 'single') throw new Error(`not one call: ${params}`)
  return parsed.message
}
