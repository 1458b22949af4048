import type Dockerode from 'dockerode'
import type { Container, ContainerLimits } from './container.ts'
import { type ContainerEvent, type Engine, EngineError, type ListedContainer } from './engine.ts'
import { jsonLines } from './json-lines.ts'

/** Where a Docker Engine listens: a socket of this machine, or an address. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number }

/**
 * What may change a container's process, name or limits. Named, so that the `exec_…` events of
 * health checks are not even sent.
 */
const actions = ['start', 'die', 'pause', 'unpause', 'rename', 'update', 'destroy'] as const

/** `--cpus` is a quota of this period. */
const nanoCpus = 1e9

/** The ports of a Docker Engine, in the clear and with TLS. */
const plainPort = 2375
const tlsPort = 2376

/**
 * A Docker Engine, or what speaks its API (Podman, a socket proxy that lets `GET /containers/json`,
 * `/containers/ID/json` and `/events` through). It is only read. Of what `inspect` answers, which
 * has the environment of containers in it, nothing is kept but the fields of {@link Container}.
 */
export class DockerEngine implements Engine {
  readonly #address: EngineAddress
  #client: Promise<Dockerode> | undefined

  constructor(address: EngineAddress) {
    this.#address = address
  }

  async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
    const client = await this.#connected()
    const listed: unknown = await client.listContainers({ all: true, abortSignal: signal })
    if (!Array.isArray(listed)) throw new EngineError('the list of containers is none')
    return listed.map((entry: unknown) => {
      const { Id, Names, Labels } = fieldsOf(entry)
      const names = Array.isArray(Names) ? Names.map(String) : []
      // A linked container has further names, each with the other's before it.
      const name = names.find((text) => text.lastIndexOf('/') === 0) ?? String(Id)
      return { id: idOf(Id), name: name.replace(/^\//, ''), labels: textsOf(Labels) }
    })
  }

  async inspect(id: string, signal: AbortSignal): Promise<Container | undefined> {
    const client = await this.#connected()
    try {
      const found: unknown = await client.getContainer(id).inspect({ abortSignal: signal })
      const { Id, Name, State, Config, HostConfig } = fieldsOf(found)
      const pid = Number(fieldsOf(State)['Pid'])
      return {
        id: idOf(Id),
        name: String(Name).replace(/^\//, ''),
        labels: textsOf(fieldsOf(Config)['Labels']),
        pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
        limits: limitsOf(fieldsOf(HostConfig)),
      }
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  async events(sinceMs: number, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>> {
    const client = await this.#connected()
    const stream = await client.getEvents({
      since: sinceMs / 1000,
      filters: { type: ['container'], event: [...actions] },
      abortSignal: signal,
    })
    return eventsIn(jsonLines(stream))
  }

  async stats(id: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const client = await this.#connected()
    const options: { readonly stream: true; readonly abortSignal: AbortSignal } = {
      stream: true,
      abortSignal: signal,
    }
    const stream = await client.getContainer(id).stats(options)
    return jsonLines(stream)
  }

  /** The package takes 100 ms to load and is optional: an agent without containers never needs it. */
  #connected(): Promise<Dockerode> {
    this.#client ??= import('dockerode').then(
      ({ default: Docker }) => new Docker(this.#address),
      (cause: unknown) => {
        throw new EngineError('the optional package dockerode cannot be loaded', { cause })
      },
    )
    return this.#client
  }
}

/**
 * Reads `unix:///var/run/docker.sock`, `tcp://HOST:PORT`, `http://…` or `https://…`.
 * Undefined for any other text.
 */
export function parseEngineAddress(text: string): EngineAddress | undefined {
  const [, socketPath] = /^unix:\/\/(\/.+)$/.exec(text) ?? []
  if (socketPath !== undefined) return { socketPath }
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, pathname } = new URL(text)
  if (hostname === '' || (pathname !== '' && pathname !== '/')) return undefined
  if (protocol === 'https:') {
    return { protocol: 'https', host: hostname, port: Number(port) || tlsPort }
  }
  if (protocol !== 'http:' && protocol !== 'tcp:') return undefined
  return { protocol: 'http', host: hostname, port: Number(port) || plainPort }
}

async function* eventsIn(lines: AsyncIterable<unknown>): AsyncIterable<ContainerEvent> {
  for await (const line of lines) {
    const { Actor, timeNano } = fieldsOf(line)
    const { ID, Attributes } = fieldsOf(Actor)
    const labels = textsOf(Attributes)
    // The name, and that of the image, are among the labels; no harm is done by either.
    yield { id: idOf(ID), name: labels['name'] ?? '', labels, atMs: Number(timeNano) / 1e6 }
  }
}

function limitsOf(host: Readonly<Record<string, unknown>>): ContainerLimits {
  const cpus =
    positive(host['NanoCpus']) !== undefined
      ? Number(host['NanoCpus']) / nanoCpus
      : Number(host['CpuQuota']) / (positive(host['CpuPeriod']) ?? 100_000)
  const memBytes = positive(host['Memory'])
  return {
    ...(cpus > 0 && Number.isFinite(cpus) && { cpus }),
    ...(memBytes !== undefined && { memBytes }),
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined
}

function idOf(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value
  throw new EngineError(`no id of a container: ${JSON.stringify(value)?.slice(0, 80)}`)
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const [key, text] of Object.entries(fieldsOf(value))) {
    if (typeof text === 'string') texts[key] = text
  }
  return texts
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
}
