import { workloadNamed } from './catalogue.ts'
import type { ChainFacts } from './chain.ts'

/** The same for every trial and every run. */
const seed = 1

/**
 * The facts with what workloads with a script need for single calls: contracts of their own on the
 * chain, and calls that these answer.
 * @param names of the workloads that will be asked
 * @throws Error when the chain does not take what is written for it
 */
export async function withSamples(
  facts: ChainFacts,
  names: readonly string[],
  url: string,
  signal: AbortSignal,
): Promise<ChainFacts> {
  const samples: Record<string, NonNullable<ChainFacts['samples']>[string]> = {}
  for (const name of names) {
    const made = await workloadNamed(name).samples?.({ url, seed, signal })
    if (made !== undefined) samples[name] = made
  }
  return { ...facts, samples }
}
