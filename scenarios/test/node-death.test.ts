import { after, before, type TestContext, test } from 'node:test'
import { type Stack, startStack } from '../stack.ts'

const callsPerSecond = 100

let stack: Stack
before(async () => {
  stack = await startStack({
    nodes: 3,
    blockTimeMs: 500,
    cpus: [],
    strategy: 'round-robin', // At so little load another may leave a node that has just come back in peace.
    httpPort: 0,
    adminPort: 0,
    agentPort: 0,
    contracts: false,
    onEvent: () => {},
  })
})
after(async () => {
  await stack.close()
})

type NodeState = {
  readonly id: string
  readonly health: string
  readonly calls: number
  readonly lagBlocks: number | null
}

test('no read fails when a node is killed, and it takes calls again when it is back', async (t: TestContext) => {
  const load = new Load(stack.endpoint)
  t.after(() => load.stop())
  const victim = 'anvil-2'
  await until(async () => (await nodeState(victim)).calls > 20)
  const pid = stack.fleet.nodes.find(({ id }) => id === victim)?.pid()
  if (typeof pid !== 'number') throw new Error(`${victim} does not run`)
  const killedMs = performance.now()
  process.kill(pid, 'SIGKILL')
  await until(async () => (await nodeState(victim)).health === 'down')
  const seenAfterMs = performance.now() - killedMs
  t.diagnostic(`the fleet view showed it after ${Math.round(seenAfterMs)} ms`)
  t.assert.ok(seenAfterMs < 2_000, `shown after ${seenAfterMs} ms, promised within 2 s`)
  t.assert.equal((await fetch(`${stack.adminUrl}/readyz`)).status, 200)
  const callsWhileDown = (await nodeState(victim)).calls

  await stack.fleet.restart(victim)
  await until(async () => {
    const { health, calls, lagBlocks } = await nodeState(victim)
    return health === 'up' && (lagBlocks ?? 99) <= 2 && calls > callsWhileDown + 20
  })
  const { answered, failures } = await load.stop()
  t.diagnostic(`${answered} reads answered`)
  t.assert.deepEqual(failures, [])
  t.assert.ok(answered > callsPerSecond)
})

/** Reads at a steady rate, each checked; what is wrong with an answer is kept in words. */
class Load {
  readonly #url: string
  readonly #timer: NodeJS.Timeout
  readonly #underWay = new Set<Promise<void>>()
  readonly #failures: string[] = []
  #answered = 0

  constructor(url: string) {
    this.#url = url
    this.#timer = setInterval(() => {
      const call = this.#call().finally(() => this.#underWay.delete(call))
      this.#underWay.add(call)
    }, 1_000 / callsPerSecond)
  }

  async stop(): Promise<{ answered: number; failures: readonly string[] }> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    return { answered: this.#answered, failures: this.#failures }
  }

  async #call(): Promise<void> {
    const id = this.#answered + this.#underWay.size
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_blockNumber', params: [] })
    const headers = { 'content-type': 'application/json' }
    try {
      const response = await fetch(this.#url, { method: 'POST', headers, body })
      const answer: unknown = await response.json()
      const isRight =
        typeof answer === 'object' &&
        answer !== null &&
        'id' in answer &&
        answer.id === id &&
        'result' in answer
      if (isRight) this.#answered += 1
      else this.#failures.push(JSON.stringify(answer))
    } catch (error) {
      this.#failures.push(String(error))
    }
  }
}

async function nodeState(id: string): Promise<NodeState> {
  const response = await fetch(`${stack.adminUrl}/api/fleet`)
  const { nodes } = (await response.json()) as { nodes: NodeState[] }
  const node = nodes.find((one) => one.id === id)
  if (node === undefined) throw new Error(`no node ${id}`)
  return node
}

/** Looks again and again, for a minute at most: who comes back is not trusted at once. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come true within a minute')
}
