import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Heard } from './heard.ts'

const platform = process.platform === 'darwin' ? 'darwin' : 'linux'
const architecture = process.arch === 'x64' ? 'amd64' : process.arch
const binary = join(
  import.meta.dirname,
  `node_modules/@foundry-rs/cast-${platform}-${architecture}/bin/cast`,
)
const patienceMs = 30_000

/**
 * What `cast` prints about the chain at `url`, by HTTP or WebSocket.
 * @throws Error with what it said on standard error, when it does not end well
 */
export async function cast(url: string, ...args: readonly string[]): Promise<string> {
  const options = { env: environmentFor(url), timeout: patienceMs, maxBuffer: 2 ** 24 }
  const { stdout } = await promisify(execFile)(binary, args, options)
  return stdout.trim()
}

/** What `cast` says on standard error when it fails, as it must. */
export async function castFailure(url: string, ...args: readonly string[]): Promise<string> {
  const said = await cast(url, ...args).catch((error: unknown) => error)
  if (said instanceof Error && 'stderr' in said) return String(said.stderr).trim()
  throw new Error(`cast ${args.join(' ')} did not fail: ${said}`)
}

/** The lines that `cast` goes on to print, until the test ends. */
export function castFeed(t: TestContext, url: string, args: readonly string[]): Heard<string> {
  const heard = new Heard<string>()
  const child = spawn(binary, args, {
    env: environmentFor(url),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  child.once('error', heard.fail)
  child.once('exit', (code) => heard.fail(new Error(`cast ${args[0]} ended with ${code}`)))
  createInterface(child.stdout).on('line', (line) => heard.take(line))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return heard
}

function environmentFor(url: string): NodeJS.ProcessEnv {
  return { ...process.env, ETH_RPC_URL: url, NO_COLOR: '1' }
}
