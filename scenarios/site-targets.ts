import type { BenchConfig } from './config.ts'
import type { Site } from './site.ts'
import { surveyChain } from './workloads/chain.ts'
import { ask, askQuantity, RpcFailure } from './workloads/rpc.ts'

/**
 * Endpoints that run already, on one chain. Nothing is started, restarted or written there.
 * @throws Error when one does not answer, or is on another chain
 */
export async function openTargets(config: BenchConfig, signal: AbortSignal): Promise<Site> {
  // What is asked beforehand goes over HTTP; the same port takes both on most endpoints.
  const urls = config.contenders.flatMap(({ url }) =>
    url === null ? [] : [url.replace(/^ws/, 'http')],
  )
  const chains = new Map<number, string>()
  for (const url of urls) chains.set(await askQuantity(url, 'eth_chainId', [], signal), url)
  if (chains.size > 1) {
    const found = [...chains].map(([id, url]) => `${url} on ${id}`)
    throw new RpcFailure(`the targets are on different chains: ${found.join(', ')}`)
  }
  const [first = ''] = urls
  return {
    facts: await surveyChain(first, [], signal),
    client: await clientOf(first, signal),
    commands: [],
    notes: [
      'The targets were running already: their caches and their other clients are unknown, and no CPU was read.',
    ],
    idleUrl: null,
    prepare: async ({ url }) => ({ url: url ?? first, sources: null }),
    disturb: async () => {},
    calm: () => {},
    assertSound: () => {},
    close: async () => {},
  }
}

/** What the node calls itself; null when it does not say. */
export async function clientOf(url: string, signal: AbortSignal): Promise<string | null> {
  try {
    const name = await ask(url, 'web3_clientVersion', [], signal)
    return typeof name === 'string' && name !== '' ? name : null
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof RpcFailure) return null // Many endpoints refuse `web3`; nothing depends on it.
    throw error
  }
}
