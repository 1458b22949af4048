import { type TestContext, test } from 'node:test'
import { Signature, Transaction, type TransactionLike, toBeHex, Wallet } from 'ethers'
import { testAccounts } from './accounts.ts'
import { signedTransaction } from './signed-transaction.ts'

const wallet = new Wallet(testAccounts[0]?.privateKey ?? '')
const common = { nonce: 7, gasLimit: 60_000n, to: wallet.address, value: 3n, data: '0x1234' }
const legacy = { ...common, type: 0, gasPrice: 5n }
const priced = { ...common, chainId: 31_337n, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n }
const storageKeys = [`0x${'11'.repeat(32)}`]
const accessList = [{ address: testAccounts[1]?.address ?? '', storageKeys }]

const kinds: Readonly<Record<string, TransactionLike>> = {
  'a legacy one': { ...legacy, chainId: 31_337n },
  'a legacy one from before chain ids': { ...legacy, chainId: 0n },
  'one with an access list': { ...legacy, chainId: 31_337n, type: 1, accessList },
  'one with a priority fee': { ...priced, type: 2 },
  'one that creates a contract': { ...priced, type: 2, to: null },
  'one with authorizations': {
    ...priced,
    type: 4,
    authorizationList: [wallet.authorizeSync({ address: wallet.address, nonce: 1, chainId: 1 })],
  },
}

for (const [name, like] of Object.entries(kinds)) {
  test(`${name} comes back byte for byte from its description`, (t: TestContext) => {
    const transaction = Transaction.from(like)
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash)
    t.assert.equal(signedTransaction(described(transaction)), transaction.serialized)
  })
}

test('a description that is not of its hash, or of nothing, is no transaction', (t: TestContext) => {
  const transaction = Transaction.from({ ...priced, type: 2 })
  transaction.signature = wallet.signingKey.sign(transaction.unsignedHash)
  const description = described(transaction)
  t.assert.equal(signedTransaction({ ...description, value: '0x4' }), null)
  t.assert.equal(signedTransaction({ ...description, type: '0x3' }), null)
  for (const nothing of [null, undefined, '0x', {}])
    t.assert.equal(signedTransaction(nothing), null)
})

/** As Anvil 1.7.1 describes it, in the fields that count. */
function described(transaction: Transaction): Readonly<Record<string, unknown>> {
  const { accessList, authorizationList, chainId, signature, type } = transaction
  const { r, s, v, yParity } = Signature.from(signature ?? undefined)
  const number = (value: bigint | number | null) => (value === null ? undefined : toBeHex(value))
  return {
    hash: transaction.hash,
    type: `0x${type}`,
    chainId: chainId === 0n ? undefined : number(chainId),
    nonce: number(transaction.nonce),
    gas: number(transaction.gasLimit),
    to: transaction.to,
    value: number(transaction.value),
    input: transaction.data,
    // Told for every kind: what it would pay now.
    gasPrice: number(transaction.gasPrice ?? 6n),
    maxFeePerGas: number(transaction.maxFeePerGas),
    maxPriorityFeePerGas: number(transaction.maxPriorityFeePerGas),
    accessList: accessList ?? undefined,
    authorizationList: authorizationList?.map((one) => ({
      address: one.address,
      chainId: number(one.chainId),
      nonce: number(one.nonce),
      yParity: number(one.signature.yParity),
      r: one.signature.r,
      s: one.signature.s,
    })),
    r,
    s,
    v: type === 0 ? number(v) : number(yParity),
  }
}
