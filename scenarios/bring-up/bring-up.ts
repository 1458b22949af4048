import { type Stack, type StackOptions, startStack } from '../stack.ts'
import { type StepTime, timedSteps } from '../steps.ts'

export type BringUpOptions = {
  readonly client: NonNullable<StackOptions['client']>
  readonly nodes: number
  /** Whether image and chain are made on the way. */
  readonly isCold: boolean
}

/** How long it took to bring up one network. */
export type BroughtUp = BringUpOptions & {
  readonly steps: readonly StepTime[]
  /** From the call to the last step's end, and the look whether all of it runs. */
  readonly totalMs: number
}

const blockTimeMs = 1_000

/**
 * Brings up a network, looks whether all of it runs, and takes it down again.
 * @throws Error when it does not come up, or not all of it runs
 */
export async function bringUp(options: BringUpOptions): Promise<BroughtUp> {
  const { client, nodes } = options
  const beganMs = performance.now()
  const { steps, times } = timedSteps(
    () => {},
    () => {},
  )
  const stack = await startStack({
    ...{ client, nodes, blockTimeMs, cpus: [], strategy: 'state-space', contracts: true, steps },
    ...{ httpPort: 0, adminPort: 0, agentPort: 0, name: `bring-up-${process.pid}` },
    onEvent: ({ text }) => process.stderr.write(`${text}\n`),
  })
  try {
    await assertRunning(stack, nodes)
    return { ...options, steps: times, totalMs: performance.now() - beganMs }
  } finally {
    await stack.close()
  }
}

/** That the proxy sees every node, and each contract's code can be read through it. */
async function assertRunning(stack: Stack, nodes: number): Promise<void> {
  const ready = await fetch(`${stack.adminUrl}/readyz`)
  if (ready.status !== 200) throw new Error(`the proxy is not ready: ${await ready.text()}`)
  if (stack.fleet.nodes.length !== nodes)
    throw new Error('there are not as many nodes as asked for')
  const contracts = Object.entries(stack.contracts)
  if (contracts.length === 0) throw new Error('no contract was deployed')
  for (const [name, address] of contracts) {
    const code = await codeOf(stack.endpoint, address)
    if (code.length <= '0x'.length) throw new Error(`${name} has no code at ${address}`)
  }
}

async function codeOf(endpoint: string, address: string): Promise<string> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'eth_getCode' },
      params: [address, 'latest'],
    }),
  })
  const answer: unknown = await response.json()
  return typeof answer === 'object' && answer !== null && 'result' in answer
    ? String(answer.result)
    : ''
}
