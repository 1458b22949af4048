import { type TestContext, test } from 'node:test'
import { getCreateAddress, Transaction, Wallet } from 'ethers'
import fc from 'fast-check'
import { parseTransaction } from './transaction.ts'

const wallet = new Wallet(`0x${'11'.repeat(32)}`)
const to = `0x${'ab'.repeat(20)}`
const fees = { gasLimit: 21_000n, maxFeePerGas: 3n, maxPriorityFeePerGas: 1n }

test('hash, sender, nonce and receiver are those that ethers reads, whatever the type', async (t: TestContext) => {
  const authorization = await wallet.authorize({ address: to, nonce: 1n, chainId: 1n })
  const forms = [
    { type: 0, chainId: 1337n, gasPrice: 7n, gasLimit: 21_000n, to },
    { type: 0, chainId: 2n ** 51n + 3n, gasPrice: 7n, gasLimit: 21_000n, to },
    {
      type: 1,
      chainId: 1n,
      gasPrice: 7n,
      gasLimit: 21_000n,
      to,
      accessList: [{ address: to, storageKeys: [`0x${'01'.repeat(32)}`] }],
    },
    { type: 2, chainId: 1n, ...fees, to },
    { type: 2, chainId: 1n, ...fees, data: '0x6000' },
    {
      type: 3,
      chainId: 1n,
      ...fees,
      to,
      maxFeePerBlobGas: 9n,
      blobVersionedHashes: [`0x01${'22'.repeat(31)}`],
    },
    { type: 4, chainId: 1n, ...fees, to, authorizationList: [authorization] },
  ]
  for (const form of forms) {
    for (const nonce of [0, 1, 127, 128, 256, 2 ** 40]) {
      const raw = await wallet.signTransaction({ ...form, nonce })
      const { hash } = Transaction.from(raw)
      const seen = parseTransaction(bytesOf(raw))
      t.assert.deepEqual(
        [seen?.hash, seen?.sender, seen?.nonce, seen?.to],
        [hash, wallet.address.toLowerCase(), BigInt(nonce), 'to' in form ? to : null],
      )
    }
  }
})

test('contract and function are those that the node will run, and the contract that it will create', async (t: TestContext) => {
  const data = `0xa9059cbb${'00'.repeat(64)}`
  const forms = [
    { type: 0, chainId: 1n, gasPrice: 7n, gasLimit: 21_000n },
    { type: 1, chainId: 1n, gasPrice: 7n, gasLimit: 21_000n },
    { type: 2, chainId: 1n, ...fees },
    {
      type: 3,
      chainId: 1n,
      ...fees,
      maxFeePerBlobGas: 9n,
      blobVersionedHashes: [`0x01${'22'.repeat(31)}`],
    },
  ]
  for (const form of forms) {
    const called = parseTransaction(bytesOf(await wallet.signTransaction({ ...form, to, data })))
    t.assert.deepEqual([called?.callee, called?.created], [`${to}a9059cbb`, null])
    const paid = parseTransaction(bytesOf(await wallet.signTransaction({ ...form, to })))
    t.assert.deepEqual([paid?.callee, paid?.created], [null, null])
  }
  for (const nonce of [0, 1, 127, 128, 70_000]) {
    const raw = await wallet.signTransaction({ type: 2, chainId: 1n, ...fees, data, nonce })
    const seen = parseTransaction(bytesOf(raw))
    const address = getCreateAddress({ from: wallet.address, nonce }).toLowerCase()
    t.assert.deepEqual([seen?.callee, seen?.created], [null, address])
  }
})

test('a signature from before EIP-155 is read too', (t: TestContext) => {
  const unsigned = Transaction.from({ type: 0, gasPrice: 7n, gasLimit: 21_000n, to, nonce: 4 })
  unsigned.signature = wallet.signingKey.sign(unsigned.unsignedHash)
  t.assert.equal(
    parseTransaction(bytesOf(unsigned.serialized))?.sender,
    wallet.address.toLowerCase(),
  )
})

test('with its blobs, a transaction has the hash it has without', (t: TestContext) => {
  const plain = Transaction.from({
    type: 3,
    chainId: 1n,
    ...fees,
    to,
    nonce: 9,
    maxFeePerBlobGas: 9n,
    blobVersionedHashes: [],
  })
  plain.blobs = [
    {
      data: `0x${'00'.repeat(131_072)}`,
      commitment: `0x${'01'.repeat(48)}`,
      proof: `0x${'02'.repeat(48)}`,
    },
  ]
  plain.signature = wallet.signingKey.sign(plain.unsignedHash)
  const { hash, sender } = parseTransaction(bytesOf(plain.serialized)) ?? {}
  t.assert.equal(hash, plain.hash)
  t.assert.equal(sender, wallet.address.toLowerCase())
})

test('what is no transaction is none, and nothing is thrown', async (t: TestContext) => {
  const raw = bytesOf(await wallet.signTransaction({ type: 2, chainId: 1n, ...fees, to, nonce: 3 }))
  for (let length = 0; length < raw.length; length += 1) {
    t.assert.equal(parseTransaction(raw.subarray(0, length)), null)
  }
  t.assert.equal(parseTransaction(Uint8Array.from([5, 0xc0])), null)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      t.assert.equal(parseTransaction(bytes), null)
    }),
  )
})

test('one flipped bit makes another transaction or none, never the same hash', async (t: TestContext) => {
  const raw = bytesOf(await wallet.signTransaction({ type: 2, chainId: 1n, ...fees, to, nonce: 3 }))
  const { hash } = parseTransaction(raw) ?? {}
  fc.assert(
    fc.property(fc.nat({ max: raw.length * 8 - 1 }), (bit) => {
      const flipped = Uint8Array.from(raw)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      t.assert.notEqual(parseTransaction(flipped)?.hash, hash)
    }),
  )
})

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex')
}
