import type { TestContext } from 'node:test'
import { parseConfig } from '../config.ts'
import type { Log } from '../log.ts'
import { createProxy, type ProxyUrls } from '../proxy.ts'
import { AgentAccess } from '../upstream/agent-access.ts'
import type { StubNode } from './stub-node.ts'

/** Where a proxy inside this process listens. */
export type WiredProxy = ProxyUrls & {
  readonly port: number
  /** Sooner than the test's end would. */
  close(): Promise<void>
}

const silent: Log = { info() {}, warn() {}, error() {} }

/**
 * A whole proxy in this process, on free ports, closed when the test ends: for laws of the wire,
 * which need many configurations and nothing of a process.
 * @param config the keys that are not as by default, but ports and nodes
 */
export async function wiredProxy(
  t: TestContext,
  nodes: readonly (Pick<StubNode, 'name' | 'url'> & { readonly web?: string | false })[],
  { http = {}, ...config }: { readonly http?: object } & Record<string, unknown> = {},
  log: Log = silent,
): Promise<WiredProxy> {
  const parsed = parseConfig({
    ...config,
    http: { ...http, port: 0 },
    admin: { port: 0 },
    nodes: nodes.map(({ name, url, web }) => ({
      id: name,
      url,
      ...(web === undefined ? {} : { web }),
    })),
  })
  const proxy = createProxy(parsed, { adminToken: null, agents: new AgentAccess() }, '0.0.0', log)
  t.after(() => proxy.close(0))
  const urls = await proxy.listen()
  return { ...urls, port: Number(new URL(urls.url).port), close: () => proxy.close(0) }
}
