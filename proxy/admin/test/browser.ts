import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Page, type Protocol } from './page.ts'

/** What Chromium is called by those who package it. */
const programs = ['chromium', 'chromium-browser', 'google-chrome']

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
]

/** A headless Chromium, driven over the DevTools protocol. */
export type Browser = {
  /** Opens a page and waits until it is there. */
  open(url: string, size?: { readonly width: number; readonly height: number }): Promise<Page>
  /** Ends the browser with all its processes and removes its folder. */
  close(): Promise<void>
}

/** Starts a browser; null where none is installed. */
export async function startBrowser(): Promise<Browser | null> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-browser-'))
  for (const program of programs) {
    const child = spawn(program, [...flags, `--user-data-dir=${folder}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true, // A group of its own: its helpers end with it.
    })
    const address = await addressOf(child)
    if (address === null) continue
    const protocol = await connect(address)
    return {
      open: (url, size = { width: 1280, height: 1000 }) => Page.open(protocol, url, size),
      async close() {
        const ended = once(child, 'close')
        protocol.socket.close()
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        await ended
        await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      },
    }
  }
  await rm(folder, { recursive: true, force: true })
  return null
}

/** The address it prints once it listens; null when it cannot be started. */
async function addressOf(child: ChildProcess): Promise<string | null> {
  const failed = once(child, 'error').then(
    () => null,
    () => null,
  )
  return await Promise.race([failed, printedBy(child)])
}

async function printedBy(child: ChildProcess): Promise<string | null> {
  if (child.stderr === null) return null
  const lines = createInterface({ input: child.stderr })
  return await new Promise((resolve) => {
    lines.on('line', (line) => {
      const [, address] = /^DevTools listening on (.+)$/.exec(line) ?? []
      if (address !== undefined) resolve(address)
    })
    lines.on('close', () => resolve(null))
  })
}

async function connect(address: string): Promise<Protocol> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, (answer: Answer) => void>()
  const listeners = new Set<(method: string, params: Params, session: string) => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id === undefined) {
      for (const listen of listeners) {
        listen(message.method ?? '', message.params ?? {}, message.sessionId ?? '')
      }
      return
    }
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  let sent = 0
  return {
    socket,
    listeners,
    async send(method, params, sessionId) {
      sent += 1
      const id = sent
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
      socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
      const { result, error } = await answered
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result ?? {}
    },
  }
}

type Params = Record<string, unknown>
type Answer = { readonly result?: Params; readonly error?: { readonly message: string } }
type Message = Answer & {
  readonly id?: number
  readonly method?: string
  readonly params?: Params
  readonly sessionId?: string
}
