import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { freePorts } from '../../ports.ts'
import { Process } from '../../process.ts'
import { Reaper } from '../../reaper.ts'
import type { Binaries } from './binaries.ts'

const startTimeoutMs = 90_000
const pollMs = 100
const graceMs = 10_000

/** What the API server answered. */
export type ApiAnswer = { readonly status: number; readonly body: unknown }

/**
 * A real Kubernetes API, kube-apiserver and etcd, with RBAC on and nothing else: objects are checked,
 * stored and streamed for real, and no pod ever runs. In a folder of its own, on free ports of
 * loopback; nothing of it outlives this process.
 */
export class KubernetesApi {
  readonly url: string
  /** The authority of its certificate, a PEM file. */
  readonly caFile: string
  /** May do everything (`system:masters`). */
  readonly adminToken: string
  readonly folder: string
  readonly #binaries: Binaries
  readonly #ports: readonly number[]
  readonly #reaper: Reaper
  #etcd: Process | null = null
  #server: Process | null = null
  #agent: Agent | null = null

  static async start(binaries: Binaries): Promise<KubernetesApi> {
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-kubernetes-'))
    const api = new KubernetesApi(binaries, folder, await freePorts(3))
    try {
      await api.#prepare()
      await api.startServer()
      return api
    } catch (error) {
      await api.close()
      throw error
    }
  }

  private constructor(binaries: Binaries, folder: string, ports: readonly number[]) {
    this.#binaries = binaries
    this.#ports = ports
    this.folder = folder
    this.url = `https://127.0.0.1:${ports[0]}`
    this.caFile = join(folder, 'certificates/apiserver.crt')
    this.adminToken = randomBytes(16).toString('hex')
    this.#reaper = new Reaper(folder)
  }

  /** Starts the API server, at the first time or again. @throws Error when it does not come up */
  async startServer(): Promise<void> {
    const { folder } = this
    const [port, etcdPort] = this.#ports
    this.#server = new Process({
      name: 'kube-apiserver',
      command: [
        this.#binaries.apiServer,
        `--etcd-servers=http://127.0.0.1:${etcdPort}`,
        `--secure-port=${port}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--cert-dir=${join(folder, 'certificates')}`,
        `--service-account-key-file=${join(folder, 'accounts.key')}`,
        `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--token-auth-file=${join(folder, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.0.0.0/24',
        '--disable-admission-plugins=ServiceAccount',
      ],
      reaper: this.#reaper,
    })
    await this.#ready()
  }

  /** Ends the API server, and leaves what it stored. */
  async stopServer(): Promise<void> {
    await this.#server?.stop(graceMs)
  }

  /** Asks the API, as the one whose token it is; with an object, of which `method` makes something. */
  async request(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    object: object | null = null,
    token = this.adminToken,
  ): Promise<ApiAnswer> {
    this.#agent ??= new Agent({ connect: { ca: readFileSync(this.caFile) } })
    const { statusCode, body } = await request(`${this.url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: object === null ? null : JSON.stringify(object),
    })
    const text = await body.text()
    return { status: statusCode, body: text.startsWith('{') ? JSON.parse(text) : text }
  }

  /** As {@link request}, by the admin. @throws Error with the server's words where it refuses */
  async must(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    object: object | null = null,
  ): Promise<Record<string, unknown>> {
    const { status, body } = await this.request(method, path, object)
    if (status < 300 && typeof body === 'object' && body !== null) return { ...body }
    throw new Error(`${method} ${path}: HTTP ${status} ${JSON.stringify(body)}`)
  }

  /** A token of a service account, as a pod of it would be given one. */
  async tokenOf(namespace: string, account: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const { status } = await this.must('POST', path, asked)
    const { token } = status as { readonly token?: unknown }
    if (typeof token !== 'string') throw new Error('a token without a token')
    return token
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
    await this.#server?.stop(graceMs)
    await this.#etcd?.stop(graceMs)
    await this.#reaper.close()
  }

  async #prepare(): Promise<void> {
    const { folder } = this
    const [, client, peer] = this.#ports
    await mkdir(join(folder, 'certificates'))
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
    await writeFile(join(folder, 'accounts.key'), pem, { mode: 0o600 })
    await writeFile(join(folder, 'tokens.csv'), `${this.adminToken},admin,1,system:masters\n`, {
      mode: 0o600,
    })
    this.#etcd = new Process({
      name: 'etcd',
      command: [
        this.#binaries.etcd,
        `--data-dir=${join(folder, 'etcd')}`,
        `--listen-client-urls=http://127.0.0.1:${client}`,
        `--advertise-client-urls=http://127.0.0.1:${client}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
      ],
      reaper: this.#reaper,
    })
  }

  /** @throws Error when either program has ended, or it takes too long */
  async #ready(): Promise<void> {
    for (const untilMs = performance.now() + startTimeoutMs; ; ) {
      for (const program of [this.#etcd, this.#server]) {
        if (program?.pid !== null) continue
        const last = program.lastWords.slice(-3).join(' | ')
        throw new Error(`${program.name} ended: ${last}`)
      }
      try {
        if ((await this.request('GET', '/readyz')).status === 200) return
      } catch (error) {
        if (performance.now() > untilMs) throw error
      }
      if (performance.now() > untilMs) throw new Error('the API server does not get ready')
      await pause(pollMs)
    }
  }
}
