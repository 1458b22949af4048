type Params = Record<string, unknown>

/** A connection to the browser. */
export type Protocol = {
  readonly socket: WebSocket
  readonly listeners: Set<(method: string, params: Params, session: string) => void>
  /** @throws Error when the browser refuses the command. */
  send(method: string, params: Params, session?: string): Promise<Params>
}

/** More than any page here takes, on a machine that does much else. */
const patienceMs = 30_000

const commands = ['Page', 'Runtime', 'Log', 'Network']

/** One tab, with all that went wrong in it and all that it asked for. */
export class Page {
  /** Errors and warnings of the console, uncaught exceptions, refused by the content policy. */
  readonly problems: string[] = []
  /** URLs asked for, in order. */
  readonly requests: string[] = []
  readonly #protocol: Protocol
  readonly #session: string

  private constructor(protocol: Protocol, session: string) {
    this.#protocol = protocol
    this.#session = session
    protocol.listeners.add((method, params, from) => {
      if (from === session) this.#note(method, params)
    })
  }

  static async open(
    protocol: Protocol,
    url: string,
    size: { readonly width: number; readonly height: number },
  ): Promise<Page> {
    const { targetId } = await protocol.send('Target.createTarget', { url: 'about:blank' })
    const attach = { targetId, flatten: true }
    const { sessionId } = await protocol.send('Target.attachToTarget', attach)
    const page = new Page(protocol, String(sessionId))
    for (const domain of commands) await page.send(`${domain}.enable`)
    await page.send('Emulation.setDeviceMetricsOverride', {
      ...size,
      deviceScaleFactor: 1,
      mobile: size.width < 600,
    })
    const loaded = page.#next('Page.loadEventFired')
    await page.send('Page.navigate', { url })
    await loaded
    return page
  }

  async send(method: string, params: Params = {}): Promise<Params> {
    return await this.#protocol.send(method, params, this.#session)
  }

  /** The value of an expression in the page, awaited. @throws Error with what the page threw. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value?: unknown }).value
  }

  /** Waits until an expression is true. @throws Error when it is not after {@link patienceMs}. */
  async until(expression: string): Promise<void> {
    await this.value(`new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        clearInterval(looking)
        reject(new Error(document.body.innerText))
      }, ${patienceMs})
      const looking = setInterval(() => {
        if (!(${expression})) return
        clearInterval(looking)
        clearTimeout(giveUp)
        resolve()
      }, 20)
    })`)
  }

  /** What the page looks like now, as a PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true })
    return Buffer.from(String(data), 'base64')
  }

  #next(event: string): Promise<void> {
    const { listeners } = this.#protocol
    return new Promise((resolve) => {
      const listen = (method: string, _params: Params, from: string) => {
        if (method !== event || from !== this.#session) return
        listeners.delete(listen)
        resolve()
      }
      listeners.add(listen)
    })
  }

  #note(method: string, params: Params): void {
    if (method === 'Runtime.exceptionThrown') this.problems.push(JSON.stringify(params))
    if (method === 'Runtime.consoleAPICalled' && isBad(params['type'])) {
      this.problems.push(JSON.stringify(params['args']))
    }
    if (method === 'Log.entryAdded') this.problems.push(JSON.stringify(params['entry']))
    if (method === 'Network.requestWillBeSent') {
      this.requests.push((params['request'] as { url: string }).url)
    }
  }
}

function isBad(type: unknown): boolean {
  return type === 'error' || type === 'warning' || type === 'assert'
}
