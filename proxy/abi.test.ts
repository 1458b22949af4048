import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Interface } from 'ethers'
import { AbiError, readAbis } from './abi.ts'

const contracts = join(import.meta.dirname, '../scenarios/contracts')
const at = `0x${'ab'.repeat(20)}`

test('every function has the selector and signature that ethers gives it, tuples and arrays included', (t: TestContext) => {
  const pay = 'pay(tuple(address to, tuple(uint256 a, bytes b)[2][] parts) order, uint8[] more)'
  const plain = new Interface([`function ${pay}`, 'function name() view returns (string)'])
  const names = readAbis(folderWith(t, { 'Shop.json': JSON.parse(plain.formatJson()) }))
  plain.forEachFunction((fragment) => {
    t.assert.equal(names.signatureOf(fragment.selector), fragment.format('sighash'))
  })
  t.assert.equal(names.signatureOf('0x00000000'), null)
})

test('the demo contracts are told apart by the functions that were called', (t: TestContext) => {
  const names = readAbis(contracts)
  const selectors = (...signatures: string[]) =>
    signatures.map((text) => new Interface([`function ${text}`]).getFunction(text)?.selector ?? '')
  t.assert.equal(names.contractOf(at, selectors('transfer(bytes32,address)')), 'Marbles')
  t.assert.equal(
    names.contractOf(at, ['constructor', ...selectors('claim(uint256)', 'withdraw()')]),
    'PrivateEquity',
  )
  t.assert.equal(names.contractOf(at, selectors('claim(uint256)', 'burn()')), null)
  t.assert.equal(names.contractOf(at, ['constructor']), null)
})

test('where two contracts have what was called, only an address tells which it is', (t: TestContext) => {
  const abi = [{ type: 'function', name: 'totalSupply', inputs: [] }]
  const names = readAbis(
    folderWith(t, {
      'a/One.json': { abi },
      'b/Two.json': { contractName: 'Second', abi, address: at.toUpperCase().replace('0X', '0x') },
    }),
  )
  t.assert.equal(names.contractOf(at, ['0x18160ddd']), 'Second')
  t.assert.equal(names.contractOf(`0x${'cd'.repeat(20)}`, ['0x18160ddd']), null)
})

test('JSON that is no ABI is passed over; what is broken, missing or empty is refused', (t: TestContext) => {
  const abi = [{ type: 'function', name: 'f', inputs: [] }]
  const folder = folderWith(t, {
    'package.json': {},
    'list.json': [1],
    'note.txt': 1,
    'F.json': abi,
  })
  t.assert.equal(readAbis(folder).signatureOf('0x26121ff0'), 'f()')
  const broken = [{ type: 'function', name: 'f', inputs: [{ name: 'x' }] }]
  refused(t, folderWith(t, { 'F.json': abi, 'G.json': broken }), /G\.json: abi\.0\.inputs\.0\.type/)
  refused(t, folderWith(t, { 'F.json': '{' }, String), /F\.json: .*JSON/)
  refused(t, folderWith(t, { 'a.json': {} }), /no \*\.json in .* holds an ABI/)
  refused(t, join(folder, 'nowhere'), /ENOENT/)
})

function refused(t: TestContext, folder: string, because: RegExp): void {
  t.assert.throws(
    () => readAbis(folder),
    (error) => error instanceof AbiError && because.test(error.message),
  )
}

function folderWith(
  t: TestContext,
  files: Record<string, unknown>,
  written: (value: unknown) => string = JSON.stringify,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-abi-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [file, value] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), written(value))
  }
  return folder
}
