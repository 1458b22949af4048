import type { TestContext } from 'node:test'
import type { Stack } from '../../stack.ts'
import { everyNodeAt } from './standing-stack.ts'

/** Where a scenario is played: at one node itself, or at the proxy before all of them. */
export type Target = {
  readonly name: 'node' | 'proxy'
  readonly url: string
  readonly wsUrl: string
  readonly chainId: number
  /** Resolves when block `number` can be read here, whichever node answers. */
  has(number: bigint | number): Promise<void>
}

/**
 * Plays a scenario at a node and then through the proxy. What it returns, told without what differs
 * between any two runs, must be the same, member by member.
 */
export async function playedAlike<Outcome extends Readonly<Record<string, unknown>>>(
  t: TestContext,
  stack: Stack,
  scenario: (target: Target) => Promise<Outcome>,
): Promise<Outcome> {
  const [node, proxy] = targetsOf(stack)
  const direct = await scenario(node)
  const proxied = await scenario(proxy)
  for (const [name, value] of Object.entries(direct)) {
    t.assert.deepEqual(
      proxied[name],
      value,
      `${name}: ${text(proxied[name])} and not ${text(value)}`,
    )
  }
  t.assert.deepEqual(Object.keys(proxied), Object.keys(direct))
  return direct
}

/** The node that the proxy sends writes to, and the proxy. */
export function targetsOf(stack: Stack): readonly [node: Target, proxy: Target] {
  const [first] = stack.fleet.nodes
  if (first === undefined) throw new Error('a fleet without a node')
  const has = (number: bigint | number): Promise<void> => everyNodeAt(stack, number)
  const target = (name: Target['name'], url: string): Target => ({
    name,
    url,
    wsUrl: url.replace('http', 'ws'),
    chainId: stack.fleet.chainId,
    has,
  })
  return [target('node', first.url), target('proxy', stack.endpoint)]
}

/** Waits for all members at once. */
export async function settled<Members extends Readonly<Record<string, Promise<unknown>>>>(
  members: Members,
): Promise<{ [Name in keyof Members]: Awaited<Members[Name]> }> {
  const entries = Object.entries(members).map(async ([name, value]) => [name, await value] as const)
  const values: Record<string, unknown> = Object.fromEntries(await Promise.all(entries))
  return values as { [Name in keyof Members]: Awaited<Members[Name]> }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each)) ?? ''
}
