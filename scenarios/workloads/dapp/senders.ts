import { computeAddress, getAddress, id, SigningKey, Transaction } from 'ethers'
import { testAccounts } from '../../fleets/accounts.ts'
import { ask, askQuantity } from '../rpc.ts'
import { inChunks } from './chunks.ts'
import { sendAll, successOf } from './receipts.ts'

export type SendersOptions = {
  readonly url: string
  /** Equal seeds give equal accounts. */
  readonly seed: number
  readonly count: number
  readonly signal: AbortSignal
}

/** A signed transaction, ready to be sent. */
export type Signed = { readonly raw: string; readonly hash: string; readonly sender: number }

/** What one sender wants done. Null as `to` creates a contract. */
export type Wish = {
  readonly to: string | null
  readonly data: string
  readonly valueWei: bigint
  readonly gasLimit: number
}

/** Pays for all others. Deployments spend from the first test account, profiles from the tenth. */
const payer = testAccounts[8]
const enoughWei = 10n * 10n ** 18n
const giftWei = 4n * enoughWei
const transferGas = 21_000
/** Far above what full blocks make of a base fee within minutes. */
const feeFactor = 50n

/** Accounts of a workload's own, with funds, that sign what they send one after another. */
export class Senders {
  /** In lower case. */
  readonly addresses: readonly string[]
  readonly #keys: readonly SigningKey[]
  readonly #chainId: number
  readonly #maxFeePerGas: bigint
  readonly #nonces: number[]

  private constructor(
    keys: readonly SigningKey[],
    chainId: number,
    maxFeePerGas: bigint,
    nonces: readonly number[],
  ) {
    this.#keys = keys
    this.addresses = keys.map((key) => computeAddress(key).toLowerCase())
    this.#chainId = chainId
    this.#maxFeePerGas = maxFeePerGas
    this.#nonces = [...nonces]
  }

  /**
   * Makes the accounts, and gives funds to those that have none.
   * @throws Error where the payer has no funds on this chain, or the gifts are not mined
   */
  static async open({ url, seed, count, signal }: SendersOptions): Promise<Senders> {
    const keys = Array.from(
      { length: count },
      (_, i) => new SigningKey(id(`equipoise/${seed}/${i}`)),
    )
    const addresses = keys.map((key) => computeAddress(key))
    const chainId = await askQuantity(url, 'eth_chainId', [], signal)
    const price = BigInt(await askQuantity(url, 'eth_gasPrice', [], signal))
    const maxFeePerGas = feeFactor * price
    const poor = (
      await inChunks(addresses, async (address) => {
        const balance = BigInt(
          String(await ask(url, 'eth_getBalance', [address, 'latest'], signal)),
        )
        return balance < enoughWei ? [address] : []
      })
    ).flat()
    if (poor.length > 0) await give(url, poor, { chainId, maxFeePerGas }, signal)
    const nonces = await inChunks(addresses, (address) =>
      askQuantity(url, 'eth_getTransactionCount', [address, 'pending'], signal),
    )
    return new Senders(keys, chainId, maxFeePerGas, nonces)
  }

  /** The nonce that the sender signs with next. */
  nonceOf(sender: number): number {
    return this.#nonces[sender] ?? 0
  }

  /** Signs, and counts the sender's nonce on. @throws RangeError for a sender that is none */
  sign(sender: number, { to, data, valueWei, gasLimit }: Wish): Signed {
    const key = this.#keys[sender]
    const nonce = this.#nonces[sender]
    if (key === undefined || nonce === undefined) throw new RangeError(`no sender ${sender}`)
    this.#nonces[sender] = nonce + 1
    const fees = { maxFeePerGas: this.#maxFeePerGas, maxPriorityFeePerGas: 1n }
    const form = { type: 2, chainId: this.#chainId, nonce, gasLimit, data, value: valueWei }
    return { ...signed({ ...form, ...fees, to }, key), sender }
  }
}

async function give(
  url: string,
  to: readonly string[],
  form: { readonly chainId: number; readonly maxFeePerGas: bigint },
  signal: AbortSignal,
): Promise<void> {
  if (payer === undefined) throw new RangeError('no account to pay from')
  const balance = BigInt(
    String(await ask(url, 'eth_getBalance', [payer.address, 'latest'], signal)),
  )
  if (balance < giftWei * BigInt(to.length)) {
    throw new Error(
      `writes are paid for by test account ${getAddress(payer.address)}, which has no funds on this chain`,
    )
  }
  const first = await askQuantity(
    url,
    'eth_getTransactionCount',
    [payer.address, 'pending'],
    signal,
  )
  const key = new SigningKey(payer.privateKey)
  const gifts = to.map((address, i) => {
    const own = { type: 2, nonce: first + i, gasLimit: transferGas, maxPriorityFeePerGas: 1n }
    return signed({ ...form, ...own, to: address, value: giftWei }, key)
  })
  await sendAll(url, gifts, signal)
  await successOf(
    url,
    gifts.map(({ hash }) => hash),
    signal,
  )
}

function signed(
  form: Parameters<typeof Transaction.from>[0] & object,
  key: SigningKey,
): { readonly raw: string; readonly hash: string } {
  const transaction = Transaction.from(form)
  transaction.signature = key.sign(transaction.unsignedHash)
  const { serialized: raw, hash } = transaction
  if (hash === null) throw new Error('a signed transaction without a hash')
  return { raw, hash }
}
