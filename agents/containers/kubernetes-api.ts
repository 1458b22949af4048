import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { EngineError } from './engine.ts'

/** Where every pod finds what it needs to ask the API server: `token`, `ca.crt`, `namespace`. */
export const mountedAccount = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Of one machine. 110 pods are the rule there, and each has some 10 kB. */
const maxBodyBytes = 16_777_216

/** The server ends a watch after this many seconds by itself. */
export const watchSeconds = 60

/**
 * The pods of one machine and namespace, as the API server tells them to a service account that may
 * list and watch them. Its address is in the environment of every pod.
 */
export class KubernetesApi {
  readonly #account: string
  readonly #node: string
  readonly #environment: Readonly<Record<string, string | undefined>>

  /**
   * @param account the folder in which token, certificate and namespace are
   * @param node the machine, as Kubernetes calls it
   */
  constructor(
    account: string,
    node: string,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#account = account
    this.#node = node
    this.#environment = environment
  }

  /** All of them. @throws Error, EngineError when it is not to be had or not allowed */
  async list(signal: AbortSignal): Promise<unknown> {
    const answer = await this.#ask({}, signal)
    const text = await textOf(answer)
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new EngineError('the list of pods is no JSON', { cause: error })
    }
  }

  /** What changes after a version of the list, an object a line, until the server ends it. */
  async watch(version: string, signal: AbortSignal): Promise<NodeJS.ReadableStream> {
    const query = { watch: '1', resourceVersion: version, timeoutSeconds: String(watchSeconds) }
    return await this.#ask(query, signal)
  }

  async #ask(query: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = this.#environment
    if (host === undefined || port === undefined) {
      throw new EngineError('KUBERNETES_SERVICE_HOST is not set: this is no pod')
    }
    // They are renewed while we run.
    const [token, ca, namespace] = await Promise.all(
      ['token', 'ca.crt', 'namespace'].map((name) => readFile(join(this.#account, name), 'utf8')),
    )
    const selected = new URLSearchParams({ fieldSelector: `spec.nodeName=${this.#node}`, ...query })
    const path = `/api/v1/namespaces/${namespace?.trim()}/pods?${selected}`
    const headers = { accept: 'application/json', authorization: `Bearer ${token?.trim()}` }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = request({ host, port, path, headers, ca, signal, agent: false }, resolve)
    asked.on('error', reject)
    asked.end()
    const answer = await promise
    if (answer.statusCode === 200) return answer
    const said = (await textOf(answer)).slice(0, 200)
    throw new EngineError(`HTTP ${answer.statusCode} for the pods of ${namespace?.trim()}: ${said}`)
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) {
    text += chunk
    if (text.length > maxBodyBytes) throw new EngineError('a list of pods without an end')
  }
  return text
}
