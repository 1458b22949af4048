import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from './container.ts'
import { type ContainerEvent, type Engine, EngineError, type ListedContainer } from './engine.ts'
import { jsonLines } from './json-lines.ts'

/** Where pods are asked for; see {@link KubernetesApi}. */
export type Pods = {
  list(signal: AbortSignal): Promise<unknown>
  watch(version: string, signal: AbortSignal): Promise<NodeJS.ReadableStream>
}

/** Says which container of a pod is meant where it has several; otherwise the first one. */
const defaultContainer = 'kubectl.kubernetes.io/default-container'

/** A server that ends watches at once is not asked in a loop. */
const betweenWatchesMs = 500

/**
 * The pods of this machine in place of a container engine: on a machine of Kubernetes, names and
 * labels are known to the API server, and the engine is for its kubelet alone. Each pod stands for one
 * of its containers, by the pod's name and labels, so that a node's sidecars are not taken for nodes.
 */
export class PodEngine implements Engine {
  readonly #pods: Pods
  readonly #processes: () => ReadonlyMap<string, number>
  #listed: ReadonlyMap<string, ListedContainer> = new Map()
  #version = ''

  /** @param processes the first process of every container of this machine, by its id */
  constructor(pods: Pods, processes: () => ReadonlyMap<string, number>) {
    this.#pods = pods
    this.#processes = processes
  }

  async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
    const { items, metadata } = fieldsOf(await this.#pods.list(signal))
    if (!Array.isArray(items)) throw new EngineError('the list of pods is none')
    const found = items.map(containerIn).filter((container) => container !== undefined)
    this.#version = String(fieldsOf(metadata)['resourceVersion'])
    this.#listed = new Map(found.map((container) => [container.id, container]))
    return found
  }

  async inspect(id: string, signal: AbortSignal): Promise<Container | undefined> {
    const known = this.#listed.get(id) ?? (await this.list(signal)).find((one) => one.id === id)
    if (known === undefined) return undefined
    // A container that has ended keeps its id in the pod's status until another takes its place.
    return { ...known, pid: this.#processes().get(id), limits: {} }
  }

  async events(_sinceMs: number, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>> {
    await this.list(signal)
    return this.#changes(await this.#pods.watch(this.#version, signal), signal)
  }

  stats(): Promise<AsyncIterable<unknown>> {
    return Promise.reject(new EngineError('Kubernetes tells no figures of containers'))
  }

  /** The server ends each watch after a minute: the next goes on from where it was. */
  async *#changes(
    first: NodeJS.ReadableStream,
    signal: AbortSignal,
  ): AsyncIterable<ContainerEvent> {
    for (let watch = first; ; watch = await this.#pods.watch(this.#version, signal)) {
      yield* this.#changesIn(watch)
      await delay(betweenWatchesMs, undefined, { signal, ref: false })
    }
  }

  async *#changesIn(watch: NodeJS.ReadableStream): AsyncIterable<ContainerEvent> {
    for await (const line of jsonLines(watch)) {
      const { type, object } = fieldsOf(line)
      // The version is too old, or the rights are gone: who follows begins again.
      if (type === 'ERROR') throw new EngineError(`the watch ended: ${JSON.stringify(object)}`)
      this.#version = String(fieldsOf(fieldsOf(object)['metadata'])['resourceVersion'])
      const found = containerIn(object)
      if (found === undefined) continue
      const listed = new Map(this.#listed)
      // Of a pod whose container was started anew, the former one is no more.
      const former = [...listed.values()].find(({ name }) => name === found.name)
      if (former !== undefined) listed.delete(former.id)
      if (type !== 'DELETED') listed.set(found.id, found)
      this.#listed = listed
      const atMs = Date.now()
      if (former !== undefined && former.id !== found.id) yield { ...former, atMs }
      yield { ...found, atMs }
    }
  }
}

/** The container that a pod stands for; undefined while it has none that ever ran. */
function containerIn(pod: unknown): ListedContainer | undefined {
  const { metadata, spec, status } = fieldsOf(pod)
  const { name, labels, annotations } = fieldsOf(metadata)
  const { containers } = fieldsOf(spec)
  const [first] = Array.isArray(containers) ? containers : []
  const wanted = textsOf(annotations)[defaultContainer] ?? fieldsOf(first)['name']
  const { containerStatuses } = fieldsOf(status)
  const states: readonly unknown[] = Array.isArray(containerStatuses) ? containerStatuses : []
  const state = states.map(fieldsOf).find(({ name: of }) => of === wanted)
  // `containerd://ae10…`, `cri-o://ae10…`
  const [, id] = /:\/\/([0-9a-f]{64})$/.exec(String(state?.['containerID'])) ?? []
  if (id === undefined || typeof name !== 'string') return undefined
  return { id, name, labels: textsOf(labels) }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(fieldsOf(value)).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(texts.map(([name, text]) => [name, String(text)]))
}
