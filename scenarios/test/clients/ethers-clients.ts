import type { TestContext } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import {
  Contract,
  ContractEventPayload,
  ContractFactory,
  type EventLog,
  type JsonRpcPayload,
  JsonRpcProvider,
  type Provider,
  type Signer,
  Wallet,
  WebSocketProvider,
} from 'ethers'
import type { Stack } from '../../stack.ts'
import { Heard } from './heard.ts'
import { marblesBytecode, marblesJson } from './marbles.ts'
import type { Target } from './targets.ts'

const pollingInterval = 100

/** More than a marble needs: an estimate would be of an account that has none yet. */
export const gasLimit = 300_000n

/** Calls whose answers are not there yet. */
class UnderWay {
  readonly #calls = new Set<Promise<unknown>>()

  async of<Answer>(call: Promise<Answer>): Promise<Answer> {
    this.#calls.add(call)
    return await call.finally(() => this.#calls.delete(call))
  }

  /** Ends the listeners of a provider, and what ends with them, for good. */
  async end(provider: Provider): Promise<void> {
    await provider.removeAllListeners()
    // What is said to the node then is said a turn later.
    await immediate()
    while (this.#calls.size > 0) {
      await Promise.allSettled(this.#calls)
      await immediate()
      // A poll that ends when the listeners are gone listens anew, and for ever.
      await provider.removeAllListeners()
    }
  }
}

/** Knows what is under way, and how many calls went together. */
class WatchedProvider extends JsonRpcProvider {
  /** Calls in the largest batch so far. */
  largestBatch = 0
  readonly #underWay = new UnderWay()

  override async send(method: string, params: unknown[] | Record<string, unknown>) {
    return await this.#underWay.of(super.send(method, params))
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]) {
    this.largestBatch = Math.max(this.largestBatch, Array.isArray(payload) ? payload.length : 1)
    return await super._send(payload)
  }

  async end(): Promise<void> {
    await this.#underWay.end(this)
    this.destroy()
  }
}

/** Knows what is under way: answers to its last words may come in any order. */
class WatchedFeed extends WebSocketProvider {
  readonly #underWay = new UnderWay()

  override async send(method: string, params: unknown[] | Record<string, unknown>) {
    return await this.#underWay.of(super.send(method, params))
  }

  async end(): Promise<void> {
    await this.#underWay.end(this)
    await this.destroy()
  }
}

/** Providers of one target, over HTTP and WebSocket; they end with the test. */
export function ethersProviders(t: TestContext, target: Target) {
  const http = new WatchedProvider(target.url, undefined, { pollingInterval })
  const feed = new WatchedFeed(target.wsUrl)
  t.after(async () => {
    if (!http.destroyed) await http.end()
    await feed.end()
  })
  return { http, feed }
}

export function ethersWallet(stack: Stack, index: number, provider: Provider): Wallet {
  const account = stack.accounts[index]
  if (account === undefined) throw new RangeError(`no account ${index}`)
  return new Wallet(account.privateKey, provider)
}

/** Marbles where `signer` deployed it, once every node has it. */
export async function deployedByEthers(signer: Signer, target: Target): Promise<Contract> {
  const factory = new ContractFactory([...marblesJson], marblesBytecode, signer)
  const deployed = await factory.deploy()
  const receipt = await deployed.deploymentTransaction()?.wait()
  await target.has(receipt?.blockNumber ?? 0)
  return new Contract(await deployed.getAddress(), [...marblesJson], signer)
}

/** Creates a marble. Resolves with the block that holds it. */
export async function createdBlock(contract: Contract, name: string): Promise<number> {
  const sent = await contract.getFunction('create').send(name, 'red', 1n, { gasLimit })
  const receipt = await sent.wait()
  if (receipt?.status !== 1) throw new Error(`${name} was not created`)
  return receipt.blockNumber
}

/** What a contract tells of marbles that are created. */
export async function heardMarbles(contract: Contract): Promise<Heard<EventLog>> {
  const heard = new Heard<EventLog>()
  await contract.on('Created', (...args: unknown[]) => {
    const payload = args.at(-1)
    if (payload instanceof ContractEventPayload) heard.take(payload.log)
    else heard.fail(new Error('an event without a payload'))
  })
  return heard
}

/** The numbers of blocks that a provider tells. */
export async function heardBlocks(provider: Provider): Promise<Heard<number>> {
  const heard = new Heard<number>()
  await provider.on('block', (number: number) => heard.take(number))
  return heard
}
