import { Wallet } from 'ethers'
import { testAccounts } from '../fleets/accounts.ts'
import { burnInput, workContracts } from '../fleets/geth/work-contracts.ts'
import { NodeRpc } from '../fleets/node-rpc.ts'

/** Rounds of the burner in one transaction: 100 ms of CPU on a Geth, 8 of 30 million gas. */
const rounds = 100_000
const gasLimit = 80 * rounds + 200_000
/** Of each second block of two seconds. */
const everyMs = 4_000
const maxFeePerGas = 3_000_000_000
const rpcTimeoutMs = 10_000
/** Nobody else spends from it during a trial. */
const payer = testAccounts[9]

/** Fills each second block with work, which all nodes have to carry out when they import it. */
export class Importer {
  readonly #rpc: NodeRpc
  readonly #chainId: number
  readonly #onSpoilt: (text: string) => void
  #nonce: number | null = null
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> = Promise.resolve()

  /**
   * @param url of a node, best the one that makes the blocks
   * @param onSpoilt blocks stay empty from now on, for the reason given
   */
  constructor(url: string, chainId: number, onSpoilt: (text: string) => void) {
    this.#rpc = new NodeRpc(url, rpcTimeoutMs)
    this.#chainId = chainId
    this.#onSpoilt = onSpoilt
  }

  /** From now until {@link rest}. */
  begin(): void {
    const fill = (): void => {
      this.#sending = this.#sending
        .then(() => this.#send())
        .catch((error: unknown) => {
          this.rest()
          this.#onSpoilt(`no work for the blocks: ${String(error)}`)
        })
    }
    fill()
    this.#timer = setInterval(fill, everyMs)
  }

  rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  async close(): Promise<void> {
    this.rest()
    await this.#sending
    await this.#rpc.close()
  }

  async #send(): Promise<void> {
    const wallet = new Wallet(payer?.privateKey ?? '')
    this.#nonce ??= Number(
      await this.#rpc.call('eth_getTransactionCount', wallet.address, 'latest'),
    )
    const raw = await wallet.signTransaction({
      ...{ type: 2, chainId: this.#chainId, nonce: this.#nonce, gasLimit },
      ...{ to: workContracts.burner.address, data: burnInput(rounds) },
      ...{ maxFeePerGas, maxPriorityFeePerGas: 1 },
    })
    await this.#rpc.call('eth_sendRawTransaction', raw)
    this.#nonce += 1
  }
}
