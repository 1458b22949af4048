import { setTimeout as pause } from 'node:timers/promises'
import { keccak256, toUtf8Bytes, Wallet } from 'ethers'
import type { Account } from '../../fleets/accounts.ts'
import { text } from '../../fleets/block.ts'
import { field, NodeRpc } from '../../fleets/node-rpc.ts'
import { type Client, ethersClient, plainClient, viemClient } from './clients.ts'
import type { BlockSeen, Seen } from './seen.ts'

export type SendersOptions = {
  readonly url: string
  /** Where the ether is asked for; `url` without it. */
  readonly fundsUrl?: string
  readonly chainId: number
  readonly senders: number
  /** Transactions of each. */
  readonly each: number
  /** Where their ether comes from. */
  readonly funder: Account
  /** Tells these senders from those of another run. */
  readonly name: string
  /** After so many a sender waits until all its transactions are mined. */
  readonly burst: number
  /** How long a receipt is waited for, milliseconds. */
  readonly patienceMs: number
  /** Whether the proxy itself may go away: then a call without an answer is made again. */
  readonly mayVanish?: boolean
  /** Told of each accepted transaction. */
  readonly onAccepted?: (count: number) => void
}

const gas = {
  gasLimit: 21_000,
  maxFeePerGas: 20_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
}
const fundsWei = 10n ** 18n
const lookEveryMs = 50
const clientKinds = [plainClient, ethersClient, viemClient] as const

/**
 * Senders that work at the same time, through each kind of client by turns: each sends, asks at once
 * for its next nonce, the transaction and the receipt, and in the end for what all of them did.
 * @returns what they saw, each sender's in order
 */
export async function runSenders(options: SendersOptions): Promise<readonly Seen[]> {
  const { url, chainId, senders, name } = options
  const wallets = Array.from({ length: senders }, (_, i) => walletOf(`${name} ${i}`))
  await fund(options, wallets)
  let accepted = 0
  const onAccepted = (): void => {
    accepted += 1
    options.onAccepted?.(accepted)
  }
  const seen = await Promise.all(
    wallets.map(async (wallet, i) => {
      const open = clientKinds[i % clientKinds.length] ?? plainClient
      const client = open(url, chainId)
      try {
        return await new Sender(options, wallet, client, onAccepted).run()
      } finally {
        await client.close()
      }
    }),
  )
  return [...seen.flat(), ...(await ending(options, seen.flat()))]
}

/**
 * The chain as it is in the end, and the receipts anew of those whose block was replaced after they
 * were last looked at: such a transaction is lost only if no block takes it again in time.
 */
async function ending(options: SendersOptions, seen: readonly Seen[]): Promise<readonly Seen[]> {
  const { url, fundsUrl = url, patienceMs } = options
  const untilMs = performance.now() + patienceMs
  const client = plainClient(fundsUrl)
  const anew: Seen[] = []
  try {
    for (;;) {
      const chain = await chainOf(fundsUrl, [...seen, ...anew])
      const hashes = new Set(
        chain.flatMap((each) => (each.kind === 'chain' ? [each.block.hash] : [])),
      )
      const last = new Map<string, BlockSeen>()
      for (const each of [...seen, ...anew]) {
        if (each.kind === 'receipt' && each.block !== null) last.set(each.hash, each.block)
      }
      const gone = [...last].filter(([, block]) => !hashes.has(block.hash))
      if (gone.length === 0 || performance.now() > untilMs) return [...anew, ...chain]
      for (const [hash] of gone) {
        const block = await client.receipt(hash)
        if (block !== null) anew.push({ kind: 'receipt', hash, block })
      }
      await pause(lookEveryMs)
    }
  } finally {
    await client.close()
  }
}

/** The blocks of the heights that were shown, as they are now. */
async function chainOf(url: string, seen: readonly Seen[]): Promise<readonly Seen[]> {
  const numbers = seen.flatMap((each) =>
    each.kind === 'receipt' && each.block !== null ? [each.block.number] : [],
  )
  const rpc = new NodeRpc(url, 10_000)
  try {
    const calls = [...new Set(numbers)].map(async (number): Promise<Seen> => {
      const block = await rpc.call('eth_getBlockByNumber', `0x${number.toString(16)}`, false)
      return { kind: 'chain', block: { number, hash: text(field(block, 'hash')) } }
    })
    return await Promise.all(calls)
  } finally {
    await rpc.close()
  }
}

class Sender {
  readonly #options: SendersOptions
  readonly #wallet: Wallet
  readonly #client: Client
  readonly #onAccepted: () => void
  /** Each effect is one wei more for this account, which nobody else pays. */
  readonly #payee: string
  readonly #seen: Seen[] = []
  readonly #sent: string[] = []
  #open: string[] = []

  constructor(options: SendersOptions, wallet: Wallet, client: Client, onAccepted: () => void) {
    this.#options = options
    this.#wallet = wallet
    this.#client = client
    this.#onAccepted = onAccepted
    this.#payee = walletOf(`payee of ${wallet.address}`).address
  }

  async run(): Promise<readonly Seen[]> {
    const { each, burst, chainId } = this.#options
    const sender = this.#wallet.address
    for (let nonce = 0; nonce < each; nonce += 1) {
      const form = { type: 2, chainId, nonce, to: this.#payee, value: 1n, ...gas }
      const raw = await this.#wallet.signTransaction(form)
      if (!(await this.#send(nonce, raw))) break
      const hash = keccak256(raw)
      const accepted = nonce + 1
      await Promise.all([
        this.#ask('nonce', async (client) => {
          this.#seen.push({ kind: 'nonce', sender, said: await client.nonce(sender), accepted })
        }),
        this.#ask('transaction', async (client) => {
          const found = await client.transaction(hash)
          this.#seen.push({ kind: 'lookup', hash, nonce: found?.nonce ?? null })
        }),
        this.#look(hash),
      ])
      if (accepted % burst === 0) await this.#settle()
    }
    await this.#settle()
    // What was shown once must be shown again.
    for (const hash of this.#sent) await this.#look(hash)
    await this.#ask('balance', async (client) => {
      const count = Number(await client.balance(this.#payee))
      this.#seen.push({ kind: 'effects', sender, count })
    })
    return this.#seen
  }

  async #send(nonce: number, raw: string): Promise<boolean> {
    const hash = keccak256(raw)
    let isUnsure = false
    const isSent = await this.#ask('send', async (client) => {
      try {
        const said = await client.send(raw)
        if (said !== hash) throw new Error(`${hash} was called ${said}`)
      } catch (error) {
        // Only who was left without an answer may be told that the first try went in.
        const isThere = isUnsure && /already known|nonce too low/.test(String(error))
        isUnsure ||= isSilence(error)
        if (!isThere) throw error
      }
    })
    if (!isSent) return false
    this.#seen.push({ kind: 'accepted', sender: this.#wallet.address, nonce, hash })
    this.#sent.push(hash)
    this.#open.push(hash)
    this.#onAccepted()
    return true
  }

  /** Waits until all that was sent is mined, or patience ends. */
  async #settle(): Promise<void> {
    const untilMs = performance.now() + this.#options.patienceMs
    while (this.#open.length > 0 && performance.now() < untilMs) {
      await Promise.all(this.#open.map((hash) => this.#look(hash)))
      if (this.#open.length > 0) await pause(lookEveryMs)
    }
  }

  async #look(hash: string): Promise<void> {
    await this.#ask('receipt', async (client) => {
      const found = await client.receipt(hash)
      this.#seen.push({ kind: 'receipt', hash, block: found })
      if (found !== null) this.#open = this.#open.filter((other) => other !== hash)
    })
  }

  /** @returns whether it came to an end; what kept it from that has been seen */
  async #ask(what: string, act: (client: Client) => Promise<void>): Promise<boolean> {
    const untilMs = performance.now() + this.#options.patienceMs
    for (;;) {
      try {
        await act(this.#client)
        return true
      } catch (error) {
        const mayRetry = this.#options.mayVanish === true && isSilence(error)
        if (!mayRetry || performance.now() > untilMs) {
          const why = error instanceof Error ? error.message : String(error)
          this.#seen.push(
            what === 'send' ? { kind: 'refused', why } : { kind: 'failed', what, why },
          )
          return false
        }
        await pause(lookEveryMs)
      }
    }
  }
}

/** No answer at all, in the words of the clients and of the system. */
function isSilence(error: unknown): boolean {
  const words =
    /NodeSilence|TimeoutError|code=TIMEOUT|ECONN|EPIPE|other side closed|socket hang up|terminated|fetch failed/
  const cause = error instanceof Error ? error.cause : undefined
  return words.test(String(error)) || (cause !== undefined && isSilence(cause))
}

async function fund(options: SendersOptions, wallets: readonly Wallet[]): Promise<void> {
  const { url, fundsUrl = url, chainId, funder } = options
  const client = plainClient(fundsUrl)
  try {
    const wallet = new Wallet(funder.privateKey)
    const first = await client.nonce(wallet.address)
    const sent = wallets.map(async ({ address: to }, i) => {
      const form = { type: 2, chainId, nonce: first + i, to, value: fundsWei, ...gas }
      return client.send(await wallet.signTransaction(form))
    })
    for (const hash of await Promise.all(sent)) {
      while ((await client.receipt(hash)) === null) await pause(lookEveryMs)
    }
  } finally {
    await client.close()
  }
}

function walletOf(name: string): Wallet {
  return new Wallet(keccak256(toUtf8Bytes(name)))
}
