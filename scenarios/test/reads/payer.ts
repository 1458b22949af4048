import { keccak256, toUtf8Bytes, Wallet } from 'ethers'
import { testAccounts } from '../../fleets/accounts.ts'

const fees = { maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }

/** The first test account: signs one transaction after another, in the order of their nonces. */
export class Payer {
  readonly #chainId: number
  readonly #wallet: Wallet
  #nonce = 0

  constructor(chainId: number) {
    this.#chainId = chainId
    this.#wallet = new Wallet(testAccounts[0]?.privateKey ?? '')
  }

  get address(): string {
    return this.#wallet.address
  }

  /** The nonce of the next one. */
  get nonce(): number {
    return this.#nonce
  }

  /** One wei for an account. */
  pay(to: string): Promise<string> {
    return this.#sign({ to, value: 1n, gasLimit: 21_000 })
  }

  /** Calls a contract; without `to` it makes one of `data`. */
  call(to: string | null, data: string, gasLimit: number): Promise<string> {
    return this.#sign({ to, data, gasLimit })
  }

  #sign(form: { to: string | null; gasLimit: number; value?: bigint; data?: string }) {
    const nonce = this.#nonce
    this.#nonce += 1
    return this.#wallet.signTransaction({
      ...{ type: 2, chainId: this.#chainId, nonce },
      ...fees,
      ...form,
    })
  }
}

/** An account that nobody but the test of this name has to do with. */
export function accountOf(name: string): string {
  return new Wallet(keccak256(toUtf8Bytes(name))).address
}
