import { type Authorization, Signature, Transaction, type TransactionLike } from 'ethers'
import { field } from './node-rpc.ts'

/**
 * The signed transaction, in hexadecimal, that a node describes in JSON; null when the description
 * does not tell all of it, as for one with blobs. What comes back has the hash it is described with.
 */
export function signedTransaction(description: unknown): string | null {
  try {
    const transaction = Transaction.from(transactionLike(description))
    return transaction.hash === field(description, 'hash') ? transaction.serialized : null
  } catch {
    return null // Of a kind, or with a field, that is not known here.
  }
}

/** ethers checks every value, and throws where one is not what it should be. */
function transactionLike(description: unknown): TransactionLike {
  const of = (name: string) => field(description, name) as string
  const list = (name: string) => field(description, name) as unknown[] | undefined
  return {
    type: Number(of('type')),
    to: of('to'),
    nonce: Number(of('nonce')),
    gasLimit: of('gas'),
    value: of('value'),
    data: of('input'),
    // A legacy transaction from before chain ids has none.
    chainId: of('chainId') ?? null,
    // Of the later kinds too a node tells a gas price: what it would pay now.
    gasPrice: Number(of('type')) < 2 ? of('gasPrice') : null,
    maxFeePerGas: of('maxFeePerGas') ?? null,
    maxPriorityFeePerGas: of('maxPriorityFeePerGas') ?? null,
    accessList: (list('accessList') as [] | undefined) ?? null,
    authorizationList: list('authorizationList')?.map(authorization) ?? null,
    signature: { r: of('r'), s: of('s'), v: of('v') },
  }
}

function authorization(description: unknown): Authorization {
  const of = (name: string) => field(description, name) as string
  return {
    address: of('address'),
    chainId: BigInt(of('chainId')),
    nonce: BigInt(of('nonce')),
    signature: Signature.from({ r: of('r'), s: of('s'), yParity: Number(of('yParity')) as 0 | 1 }),
  }
}
