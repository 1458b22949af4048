import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ZodError } from 'zod'
import type { LogPart } from '../fleets/log-ring.ts'
import { socketOf } from './client.ts'
import { type FaultOrder, faultOrderSchema, type StackState } from './messages.ts'

/** What a running stack lets others ask of it. All may throw an Error in one line. */
export type Controls = {
  state(): StackState
  log(node: string, part: { readonly last?: number; readonly from?: number }): LogPart
  /** @returns what was done, in words */
  fault(order: FaultOrder): Promise<string>
  /** Begins to end it. */
  end(): void
}

const maxBodyBytes = 4_096
const status = { ok: 200, badRequest: 400, notFound: 404, refused: 409 } as const

/** A socket in a stack's folder, which only its user may enter, on which it takes orders. */
export class ControlServer {
  readonly #server: Server
  readonly #controls: Controls

  private constructor(controls: Controls) {
    this.#controls = controls
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((answer) => send(response, answer))
    })
  }

  /** Resolves when it listens. */
  static async open(folder: string, controls: Controls): Promise<ControlServer> {
    const control = new ControlServer(controls)
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject)
      control.#server.listen(socketOf(folder), resolve)
    })
    return control
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      return await this.#route(request)
    } catch (error) {
      if (error instanceof ZodError || error instanceof SyntaxError) {
        return { status: status.badRequest, body: { error: error.message } }
      }
      const message = error instanceof Error ? error.message : String(error)
      return { status: status.refused, body: { error: message } }
    }
  }

  async #route(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stack')
    const ok = (body: unknown): Answer => ({ status: status.ok, body })
    switch (`${request.method} ${pathname}`) {
      case 'GET /stack':
        return ok(this.#controls.state())
      case 'GET /log': {
        const last = searchParams.get('last')
        const from = searchParams.get('from')
        const part = from === null ? { last: Number(last) } : { from: Number(from) }
        return ok(this.#controls.log(searchParams.get('node') ?? '', part))
      }
      case 'POST /fault': {
        const order = faultOrderSchema.parse(JSON.parse(await bodyOf(request)))
        return ok({ done: await this.#controls.fault(order) })
      }
      case 'POST /end':
        this.#controls.end()
        return ok({ done: 'it ends' })
      default:
        return { status: status.notFound, body: { error: `there is no ${pathname}` } }
    }
  }
}

type Answer = { readonly status: number; readonly body: unknown }

function send(response: ServerResponse, { status: code, body }: Answer): void {
  response.writeHead(code, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > maxBodyBytes) throw new SyntaxError('an order is not that long')
  }
  return text
}
