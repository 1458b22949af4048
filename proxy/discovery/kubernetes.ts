import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { ApiClient } from './api-client.ts'
import { Backoff } from './backoff.ts'
import { type EndpointSlice, endpointSlice, nodesIn } from './endpoint-slice.ts'
import { Following } from './following.ts'
import type { Provider, ProviderSink } from './provider.ts'
import type { KubernetesConfig } from './provider-config.ts'

/** Where every pod finds what it needs to ask the API server. */
const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A watch ends by itself and is begun anew: one that hangs is noticed this late, at most. */
const watchSeconds = 60
const patience = { headersMs: 10_000, bodyMs: (watchSeconds + 15) * 1_000 }

/** A watch that lasts no longer is none. */
const shortMs = 5_000

/** No EndpointSlice (100 endpoints by default, 1,000 at most) is longer as a line. */
const maxLineBytes = 4_194_304

const pageSize = 500

const list = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z.array(z.unknown()),
})

const watchEvent = z.object({ type: z.string(), object: z.unknown() })

const status = z.object({ code: z.int().nullish(), message: z.string().nullish() })

/** What was known is too old to go on from: all has to be listed again. */
class Expired extends Error {
  override readonly name = 'Expired'
}

/**
 * Nodes out of the EndpointSlices of a service: listed once, then watched from the version that the
 * list was of. It needs to list and watch `endpointslices` in one namespace, and nothing else.
 */
export class KubernetesProvider implements Provider {
  readonly name = 'kubernetes'
  readonly #config: KubernetesConfig
  readonly #following = new Following()
  /** By name. */
  readonly #slices = new Map<string, EndpointSlice>()
  #version = ''

  constructor(config: KubernetesConfig) {
    this.#config = config
  }

  start(sink: ProviderSink): void {
    this.#following.start(
      (signal, backoff) => this.#follow(sink, backoff, signal),
      (error) => {
        if (!(error instanceof Expired)) sink.failed(inWords(error))
      },
    )
  }

  reload(): void {
    this.#following.again()
  }

  async close(): Promise<void> {
    await this.#following.close()
  }

  /** Lists all and watches from there, until something fails. */
  async #follow(sink: ProviderSink, backoff: Backoff, signal: AbortSignal): Promise<never> {
    const client = await ApiClient.open(this.#place())
    try {
      await this.#list(client, signal)
      this.#tell(sink)
      backoff.reset()
      return await this.#watchOn(client, sink, signal)
    } finally {
      await client.close()
    }
  }

  async #list(client: ApiClient, signal: AbortSignal): Promise<void> {
    const found: EndpointSlice[] = []
    let next: string | null = null
    let version = ''
    do {
      const query: Record<string, string> = { limit: String(pageSize) }
      if (next !== null) query['continue'] = next
      const response = await client.open(this.#path(query), signal, patience)
      const text = await ApiClient.textOf(response)
      if (response.statusCode !== 200) throw problemOf(response.statusCode, text)
      const page = list.parse(JSON.parse(text))
      for (const item of page.items) found.push(endpointSlice.parse(item))
      version = page.metadata.resourceVersion
      next = page.metadata.continue || null
    } while (next !== null)
    this.#slices.clear()
    for (const slice of found) this.#slices.set(slice.metadata.name, slice)
    this.#version = version
  }

  /** One watch after the other, until something fails. */
  async #watchOn(client: ApiClient, sink: ProviderSink, signal: AbortSignal): Promise<never> {
    const backoff = new Backoff()
    for (;;) {
      const begunMs = performance.now()
      await this.#watch(client, sink, signal)
      // One that is ended at once must not be begun at once for ever.
      if (performance.now() - begunMs > shortMs) backoff.reset()
      else await backoff.pause(signal)
    }
  }

  /** Follows what changes until the watch ends as it should. */
  async #watch(client: ApiClient, sink: ProviderSink, signal: AbortSignal): Promise<void> {
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(watchSeconds),
    }
    const response = await client.open(this.#path(query), signal, patience)
    if (response.statusCode !== 200) {
      throw problemOf(response.statusCode, await ApiClient.textOf(response))
    }
    let rest = ''
    for await (const chunk of response.body.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > maxLineBytes) throw new Error('a line without an end')
      let isNew = false
      for (const line of lines) if (line !== '') isNew = this.#take(line) || isNew
      if (isNew) this.#tell(sink)
    }
  }

  /** True where it may change a node. */
  #take(line: string): boolean {
    const { type, object } = watchEvent.parse(JSON.parse(line))
    if (type === 'ERROR') {
      const { code, message } = status.parse(object)
      throw code === 410 ? new Expired() : new Error(message ?? 'the watch failed')
    }
    if (type === 'BOOKMARK') {
      const { metadata } = z
        .object({ metadata: z.object({ resourceVersion: z.string() }) })
        .parse(object)
      this.#version = metadata.resourceVersion
      return false
    }
    const slice = endpointSlice.parse(object)
    const { name, resourceVersion } = slice.metadata
    if (resourceVersion) this.#version = resourceVersion
    if (type === 'DELETED') this.#slices.delete(name)
    else this.#slices.set(name, slice)
    return true
  }

  #tell(sink: ProviderSink): void {
    const { nodes, problems } = nodesIn(this.#slices.values(), this.#config)
    sink.found(nodes, problems)
  }

  #path(query: Record<string, string>): string {
    const { service, 'agent-service': agents } = this.#config
    const services = agents === undefined ? service : `${service},${agents}`
    const labelSelector = `kubernetes.io/service-name in (${services})`
    const namespace = encodeURIComponent(this.#namespace())
    const all = new URLSearchParams({ labelSelector, ...query })
    return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${all}`
  }

  #namespace(): string {
    const { namespace } = this.#config
    if (namespace !== undefined) return namespace
    const file = `${mounted}/namespace`
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'default'
  }

  /** @throws Error outside of a pod, where nothing says where the API server is */
  #place() {
    const { endpoint, 'token-file': tokenFile, 'ca-file': caFile } = this.#config
    const own = (name: string): string | null => {
      const file = `${mounted}/${name}`
      return endpoint === undefined && existsSync(file) ? file : null
    }
    return {
      url: endpoint ?? inCluster(),
      tokenFile: tokenFile ?? own('token'),
      caFile: caFile ?? own('ca.crt'),
    }
  }
}

function inWords(error: unknown): unknown {
  const isForeign = error instanceof z.ZodError || error instanceof SyntaxError
  return isForeign ? new Error('the answers are not those of an API server') : error
}

function inCluster(): URL {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  if (host === undefined) throw new Error('not in a pod: name the API server in `endpoint`')
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port ?? '443'}`)
}

/** What the API server says of it: it names the right that is missing. */
function problemOf(code: number, text: string): Error {
  if (code === 410) return new Expired()
  let message = text.slice(0, 200)
  try {
    message = status.parse(JSON.parse(text)).message ?? message
  } catch {
    // Not of the API server: a proxy before it, whose words are as good as any.
  }
  return new Error(`HTTP ${code}: ${message.trim()}`)
}
