import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { testMnemonic } from '../../fleets/accounts.ts'
import { DevChain } from './dev-chain.ts'

const hardhat = join(import.meta.dirname, 'node_modules/hardhat/internal/cli/bootstrap.js')
const patienceMs = 90_000

for (const [network, senders] of [
  ['unlocked', 'accounts of the node'],
  ['keys', 'keys of its own'],
] as const) {
  test(`hardhat: a project's tests by ${senders} pass through the proxy, on the same blocks`, async (t: TestContext) => {
    const direct = played(t, await chainOf(t, 'node'), network)
    const proxied = played(t, await chainOf(t, 'proxy'), network)
    const outcomes = await Promise.all([direct, proxied])
    t.assert.deepEqual(outcomes[1], outcomes[0])
    t.assert.match(JSON.stringify(outcomes[0]), /"theft":\["NotOwner","0x/)
  })
}

async function chainOf(t: TestContext, place: 'node' | 'proxy'): Promise<DevChain> {
  const chain = await DevChain.start(place)
  t.after(() => chain.close())
  return chain
}

/** Runs `hardhat test --network …`. Resolves with what its tests were told; all of them passed. */
async function played(t: TestContext, chain: DevChain, network: string): Promise<unknown> {
  const outcomeFile = join(chain.folder, 'outcome.json')
  const args = ['test', '--no-compile', '--network', network, 'marbles-spec.ts']
  const { stdout } = await promisify(execFile)(process.execPath, [hardhat, ...args], {
    timeout: patienceMs,
    killSignal: 'SIGKILL',
    cwd: join(import.meta.dirname, 'hardhat'),
    env: {
      PATH: process.env['PATH'],
      HOME: chain.folder, // Where it would keep what it remembers of its user.
      RPC_URL: chain.url,
      MNEMONIC: testMnemonic,
      OUTCOME_FILE: outcomeFile,
    },
  })
  t.assert.match(stdout, /\b7 passing/)
  return JSON.parse(await readFile(outcomeFile, 'utf8'))
}
