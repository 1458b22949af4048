import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FleetSnapshot, NodeSnapshot } from '../admin/snapshot.ts'

const bin = new URL('../bin.ts', import.meta.url).pathname
const compileCache = new URL('../../node_modules/.cache/node-compile', import.meta.url).pathname

/** Far more than anything here takes on a busy machine. */
const patienceMs = 20_000

/** How a program ended, and what it said. */
export type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The real program as its own process. */
export class ProxyProcess {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  url = ''
  adminUrl = ''
  readonly #ended: Promise<unknown[]>

  /** @param preload a module that runs in it first, or null */
  constructor(args: readonly string[], preload: string | null = null) {
    const first = preload === null ? [] : ['--import', preload]
    this.child = spawn(process.execPath, [...first, bin, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Half of a start is stripping types; tests start many.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.#ended = once(this.child, 'close')
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  /**
   * Resolves when it says where it listens.
   * @throws Error when it ends before
   */
  async listening(): Promise<void> {
    const gone = this.#ended.then(() => {
      throw new Error(`the proxy ended: ${this.stderr}`)
    })
    gone.catch(() => {})
    for (;;) {
      this.url = /^equipoise listening on (\S+)$/m.exec(this.stdout)?.[1] ?? ''
      this.adminUrl = /^equipoise admin on (\S+)$/m.exec(this.stdout)?.[1] ?? ''
      if (this.url !== '' && this.adminUrl !== '') return
      if (this.child.stdout === null) throw new Error('no standard output')
      await Promise.race([once(this.child.stdout, 'data'), gone])
    }
  }

  async ended(): Promise<Ended> {
    await this.#ended
    const { exitCode: code, signalCode: signal } = this.child
    return { code, signal, stdout: this.stdout, stderr: this.stderr }
  }

  /** Ends it at once if it still runs. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.#ended
  }

  /** Posts a body and gives back that of the answer, which must be of HTTP status 200. */
  async post(body: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await this.fetch(body, headers)
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
    return await response.text()
  }

  async fetch(body: string, headers: Record<string, string> = {}): Promise<Response> {
    const all = { 'content-type': 'application/json', ...headers }
    return await fetch(this.url, { method: 'POST', headers: all, body })
  }

  /** One call with id 1, and the answer decoded. */
  async call(method: string, ...params: readonly unknown[]): Promise<RpcAnswer> {
    return JSON.parse(await this.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })))
  }

  /** An order to the admin port, below `/api/`. */
  async order(method: string, path: string, body: unknown = null): Promise<void> {
    const text = body === null ? null : JSON.stringify(body)
    const { status } = await fetch(`${this.adminUrl}/api/${path}`, { method, body: text })
    if (status !== 200) throw new Error(`HTTP ${status}`)
  }

  async fleet(): Promise<FleetSnapshot> {
    const response = await fetch(`${this.adminUrl}/api/fleet`)
    const snapshot: unknown = await response.json()
    return snapshot as FleetSnapshot
  }

  /**
   * The first event of the fleet that is as wanted.
   * @throws DOMException `TimeoutError` when none comes, so that a test fails instead of hanging
   */
  async until(isWanted: (fleet: FleetSnapshot) => boolean): Promise<FleetSnapshot> {
    const aborter = new AbortController()
    const signal = AbortSignal.any([aborter.signal, AbortSignal.timeout(patienceMs)])
    const { body } = await fetch(`${this.adminUrl}/api/events`, { signal })
    if (body === null) throw new Error('an event stream without a body')
    let rest = ''
    try {
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        const events = (rest + chunk).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1]
          const fleet: FleetSnapshot | null = data === undefined ? null : JSON.parse(data)
          if (fleet !== null && isWanted(fleet)) return fleet
        }
      }
    } finally {
      aborter.abort()
    }
    throw new Error('the event stream ended')
  }

  /** The first event in which there is such a node, and it is as wanted. */
  async untilNode(id: string, isWanted: (node: NodeSnapshot) => boolean): Promise<NodeSnapshot> {
    const { nodes } = await this.until(({ nodes }) => nodes.some((n) => n.id === id && isWanted(n)))
    return nodeOf({ nodes }, id)
  }
}

/** A JSON-RPC answer as tests look at it. */
export type RpcAnswer = {
  readonly id: unknown
  readonly result?: { readonly node?: string } & Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export function nodeOf({ nodes }: Pick<FleetSnapshot, 'nodes'>, id: string): NodeSnapshot {
  const node = nodes.find((each) => each.id === id)
  if (node === undefined) throw new Error(`no node ${id}`)
  return node
}

/** Nodes as arguments, each by its own name. */
export function asFlags(nodes: readonly { readonly name: string; readonly url: string }[]) {
  return nodes.flatMap(({ name, url }) => ['--node', `${name}=${url}`])
}

/** The program with these arguments on free ports, ready, and ended with the test. */
export async function runningProxy(
  t: TestContext,
  args: readonly string[],
  preload: string | null = null,
): Promise<ProxyProcess> {
  const proxy = startedProxy(t, ['--http.port', '0', '--admin.port', '0', ...args], preload)
  await proxy.listening()
  return proxy
}

/** The program with these arguments and no others, ended with the test. */
export function startedProxy(
  t: TestContext,
  args: readonly string[],
  preload: string | null = null,
): ProxyProcess {
  const proxy = new ProxyProcess(args, preload)
  t.after(() => proxy.kill())
  return proxy
}

/** A file with this text, removed when the test ends. */
export async function fileWith(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-test-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'equipoise.yaml')
  await writeFile(file, text)
  return file
}
