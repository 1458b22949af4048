import { readFile } from 'node:fs/promises'
import { Client, type Dispatcher } from 'undici'

/** No answer of an API that names nodes is larger. */
const maxBodyBytes = 16_777_216

export type ApiOptions = {
  readonly url: URL
  /** Read for each question: it is renewed while we run. */
  readonly tokenFile: string | null
  /** The authority that signed the server's certificate; null for those the system knows. */
  readonly caFile: string | null
}

/** How long an answer may take to begin, and then to go on, milliseconds. */
export type Patience = { readonly headersMs: number; readonly bodyMs: number }

/** One connection to an API that names nodes. */
export class ApiClient {
  readonly #client: Client
  readonly #url: URL
  readonly #tokenFile: string | null

  /** @throws Error when the authority's certificate cannot be read */
  static async open({ url, tokenFile, caFile }: ApiOptions): Promise<ApiClient> {
    const ca = caFile === null ? {} : { ca: await readFile(caFile) }
    const client = new Client(url.origin, {
      allowH2: false,
      connect: { timeout: 5_000, ...ca },
      keepAliveTimeout: 10_000,
    })
    return new ApiClient(client, url, tokenFile)
  }

  private constructor(client: Client, url: URL, tokenFile: string | null) {
    this.#client = client
    this.#url = url
    this.#tokenFile = tokenFile
  }

  /** The answer to `GET path`, whatever its status, with its body unread. */
  async open(
    path: string,
    signal: AbortSignal,
    { headersMs, bodyMs }: Patience,
  ): Promise<Dispatcher.ResponseData> {
    const { pathname } = this.#url
    return await this.#client.request({
      path: `${pathname.replace(/\/$/, '')}${path}`,
      method: 'GET',
      headers: { accept: 'application/json', ...(await this.#authorization()) },
      headersTimeout: headersMs,
      bodyTimeout: bodyMs,
      signal,
    })
  }

  /** All of a body. @throws Error when it is too large */
  static async textOf({ body }: Dispatcher.ResponseData): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw new Error(`an answer of more than ${maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  async #authorization(): Promise<Record<string, string>> {
    if (this.#tokenFile === null) return {}
    const token = (await readFile(this.#tokenFile, 'utf8')).trim()
    return { authorization: `Bearer ${token}` }
  }

  async close(): Promise<void> {
    await this.#client.destroy()
  }
}
