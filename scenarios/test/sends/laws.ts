import type { TestContext } from 'node:test'
import { plague } from './plague.ts'
import { judge, wrongs } from './seen.ts'
import { runSenders, type SendersOptions } from './senders.ts'
import type { SendsStack } from './stack.ts'

/** Sends while nodes are killed and stopped: all is mined, once, and nothing is ever unknown. */
export async function underPlague(t: TestContext, stack: SendsStack, options: SendersOptions) {
  const over = new AbortController()
  const plagued = plague(stack.fleet, over.signal)
  const seen = await runSenders(options).finally(() => over.abort())
  t.diagnostic((await plagued).join(', '))
  assertAll(t, stack, options, judge(seen))
}

/**
 * The proxy is killed when half of all is accepted, and started again on the same journal: what was
 * accepted is mined.
 */
export async function acrossKill(t: TestContext, stack: SendsStack, options: SendersOptions) {
  const over = new AbortController()
  const plagued = plague(stack.fleet, over.signal)
  const half = Math.ceil((options.senders * options.each) / 2)
  let restarted: Promise<void> | null = null
  const onAccepted = (count: number): void => {
    if (count === half) restarted = stack.killProxy().then(() => stack.startProxy())
  }
  const seen = await runSenders({ ...options, mayVanish: true, onAccepted }).finally(() =>
    over.abort(),
  )
  t.diagnostic((await plagued).join(', '))
  t.assert.notEqual(restarted, null)
  await restarted
  assertAll(t, stack, options, judge(seen))
}

function assertAll(
  t: TestContext,
  stack: SendsStack,
  { senders, each }: SendersOptions,
  verdict: ReturnType<typeof judge>,
): void {
  t.diagnostic(`${verdict.receipts} receipts, ${verdict.replaced.length} seen in replaced blocks`)
  t.assert.deepEqual(wrongs(verdict), {})
  t.assert.equal(verdict.receipts, senders * each)
  if (stack.corrections() === 0) t.assert.deepEqual(verdict.replaced, [])
  t.assert.deepEqual(stack.troubles, [])
}
