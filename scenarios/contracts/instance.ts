import {
  Contract,
  ContractFactory,
  type FunctionFragment,
  Interface,
  isError,
  JsonRpcProvider,
  Result,
  type TransactionReceipt,
  Wallet,
} from 'ethers'
import { type Account, testAccounts } from '../fleets/accounts.ts'
import type { LoadedContract } from './artifact-file.ts'

const pollMs = 100

/** A call's outcome, in values that JSON can hold: numbers of the chain are decimal texts. */
export type CallOutcome = {
  /** What a view answered; null of a transaction. */
  readonly result: unknown
  /** Of a transaction; null of a view. */
  readonly receipt: { readonly hash: string; readonly block: number; readonly gas: number } | null
  /** From the call to the answer, or to the receipt. */
  readonly ms: number
}

/** The contract refused; `reason` is the name of its error, or the text it gave. */
export class Reverted extends Error {
  override readonly name = 'Reverted'
  readonly reason: string

  constructor(reason: string) {
    super(`the contract refused: ${reason}`)
    this.reason = reason
  }
}

/** Where contracts are deployed and called: one endpoint, on behalf of the test accounts or one key. */
export class ContractDesk {
  readonly #provider: JsonRpcProvider
  readonly #accounts: readonly Pick<Account, 'privateKey'>[]

  /** @param privateKey of the only account to act for, 0x hex; the test accounts without it */
  constructor(endpoint: string, privateKey?: string) {
    this.#provider = new JsonRpcProvider(endpoint, undefined, {
      pollingInterval: pollMs,
      // Else the same question within 250 ms gets the answer of before a block.
      cacheTimeout: -1,
    })
    this.#accounts = privateKey === undefined ? testAccounts : [{ privateKey }]
  }

  /** How many accounts it can act for. */
  get accounts(): number {
    return this.#accounts.length
  }

  address(account: number): string {
    return this.#wallet(account).address
  }

  /** @throws Error without creation code; Reverted */
  async deploy(
    { abi, bytecode }: LoadedContract,
    args: readonly unknown[],
    account: number,
  ): Promise<CallOutcome & { readonly address: string }> {
    if (bytecode === null) throw new Error('the file holds no creation code (bytecode)')
    const beganMs = performance.now()
    return await asReverted(new Interface([...abi]), async () => {
      const factory = new ContractFactory([...abi], bytecode, this.#wallet(account))
      const contract = await factory.deploy(...args)
      const receipt = await contract.deploymentTransaction()?.wait()
      const address = await contract.getAddress()
      return { ...outcomeOf(receipt ?? null, beganMs), address }
    })
  }

  /**
   * Calls a function: a view is asked, anything else is sent as a transaction and waited for.
   * @param value wei sent along
   * @throws Reverted; Error for a function that the ABI does not have
   */
  async call(
    { abi }: LoadedContract,
    address: string,
    name: string,
    args: readonly unknown[],
    account: number,
    value: bigint,
  ): Promise<CallOutcome> {
    const contract = new Contract(address, [...abi], this.#wallet(account))
    const method = contract.getFunction(functionOf(contract.interface, name, args).format())
    const beganMs = performance.now()
    return await asReverted(contract.interface, async () => {
      if (method.fragment.constant) {
        const result: unknown = await method.staticCall(...args)
        return { result: plain(result), receipt: null, ms: performance.now() - beganMs }
      }
      const sent = await method.send(...args, { value })
      return outcomeOf(await sent.wait(), beganMs)
    })
  }

  close(): void {
    this.#provider.destroy()
  }

  #wallet(account: number): Wallet {
    const found = this.#accounts[account]
    if (found === undefined) throw new RangeError(`there is no account ${account}`)
    return new Wallet(found.privateKey, this.#provider)
  }
}

function functionOf(
  { fragments }: Interface,
  name: string,
  args: readonly unknown[],
): FunctionFragment {
  const functions = fragments.filter((one): one is FunctionFragment => one.type === 'function')
  const named = functions.filter((one) => one.name === name || one.format() === name)
  const fitting = named.find((one) => one.inputs.length === args.length)
  if (fitting !== undefined) return fitting
  const known = (named.length > 0 ? named : functions).map((one) => one.format()).join(', ')
  throw new Error(`${name} with ${args.length} arguments: the contract has ${known}`)
}

function outcomeOf(receipt: TransactionReceipt | null, beganMs: number): CallOutcome {
  if (receipt === null) throw new Error('the transaction has no receipt')
  const { hash, blockNumber: block, gasUsed } = receipt
  const ms = performance.now() - beganMs
  return { result: null, receipt: { hash, block, gas: Number(gasUsed) }, ms }
}

async function asReverted<Value>(abi: Interface, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!isError(error, 'CALL_EXCEPTION')) throw error
    const data = error.data ?? ''
    const known = data.length > 2 ? abi.parseError(data) : null
    throw new Reverted(known?.name ?? error.reason ?? error.shortMessage)
  }
}

/** Numbers become decimal texts, and structures lists. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Result || Array.isArray(value)) return [...value].map(plain)
  return value
}
