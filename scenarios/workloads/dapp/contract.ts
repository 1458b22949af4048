import { getCreateAddress, Interface, type Result } from 'ethers'
import { artifactOf } from '../../contracts/artifacts.ts'
import type { ContractName } from '../../contracts/compile.ts'
import { ask } from '../rpc.ts'
import type { Argument, Expectation, Expected, Write } from './model.ts'
import { sendAll, successOf } from './receipts.ts'
import type { Senders, Wish } from './senders.ts'

/** Of a deployment, and of every other write: three times what the dearest of them uses. */
const deployGas = 3_000_000
const writeGas = 400_000

/** One contract on a chain: what it is called with, and what it says. */
export class DeployedContract {
  /** In lower case. */
  readonly address: string
  readonly #interface: Interface

  constructor(name: ContractName, address: string) {
    this.address = address.toLowerCase()
    this.#interface = interfaceOf(name)
  }

  /** Deploys a new one, paid for by the first sender. @throws Error when it is not mined */
  static async deploy(
    name: ContractName,
    url: string,
    senders: Senders,
    signal: AbortSignal,
  ): Promise<DeployedContract> {
    const from = senders.addresses[0] ?? ''
    const address = getCreateAddress({ from, nonce: senders.nonceOf(0) })
    const { bytecode: data } = artifactOf(name)
    const signed = senders.sign(0, { to: null, data, valueWei: 0n, gasLimit: deployGas })
    await sendAll(url, [signed], signal)
    await successOf(url, [signed.hash], signal)
    return new DeployedContract(name, address)
  }

  /** Params of an `eth_call`, or with `from` of an `eth_estimateGas`. */
  question(name: string, args: readonly Argument[], from?: string, valueWei = 0n): object {
    const to = this.address
    const data = this.#interface.encodeFunctionData(name, args)
    if (from === undefined) return { to, data }
    return { from, to, data, value: `0x${valueWei.toString(16)}` }
  }

  /** Of all its events with this second topic. */
  filter(topic: string): object {
    return { address: this.address, fromBlock: '0x0', topics: [null, topic] }
  }

  wish({ name, args, valueWei }: Write): Wish {
    const data = this.#interface.encodeFunctionData(name, args)
    return { to: this.address, data, valueWei, gasLimit: writeGas }
  }

  /** Asks what is expected. @returns null where the answer is right, and else what is wrong */
  async fault(url: string, expected: Expectation, signal: AbortSignal): Promise<string | null> {
    const { name, args, values } = expected
    const answer = await ask(url, 'eth_call', [this.question(name, args), 'latest'], signal)
    const got = shown(this.#interface.decodeFunctionResult(name, String(answer)))
    const wanted = shown(values)
    if (got === wanted) return null
    return `${name}(${args.map(String).join(', ')}) is ${got}, and should be ${wanted}`
  }
}

function interfaceOf(name: ContractName): Interface {
  const { abi } = artifactOf(name)
  return new Interface([...abi])
}

/** Values as one text, the same for equal ones: addresses in lower case, structs as lists. */
function shown(value: Result | Expected): string {
  if (Array.isArray(value)) return `[${Array.from(value, shown).join(', ')}]`
  return typeof value === 'string' ? value.toLowerCase() : String(value)
}
