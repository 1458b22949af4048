import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type Docker from 'dockerode'
import { z } from 'zod'
import { labels } from './daemon.ts'

/** What Docker tells of a container of the stack. */
export type ContainerEvent = {
  /** `start`, `die`, `update`, `destroy`, … */
  readonly action: string
  readonly containerId: string
  /** Of what has died; null for all else. */
  readonly exitCode: number | null
}

const reconnectMs = 500

const eventSchema = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).optional() }),
})

/** Follows what happens to a stack's containers, whoever does it, until it is closed. */
export class ContainerEvents {
  readonly #docker: Docker
  readonly #stack: string
  readonly #onEvent: (event: ContainerEvent) => void
  readonly #onGap: () => void
  readonly #closing = new AbortController()
  #following: Promise<void> | null = null

  /** @param onGap something may have been missed: look at every container */
  constructor(
    docker: Docker,
    stack: string,
    onEvent: (event: ContainerEvent) => void,
    onGap: () => void,
  ) {
    this.#docker = docker
    this.#stack = stack
    this.#onEvent = onEvent
    this.#onGap = onGap
  }

  /** Resolves when events are on their way. @throws Error when the daemon refuses */
  async start(): Promise<void> {
    const stream = await this.#open()
    this.#following = this.#follow(stream)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  #open(): Promise<NodeJS.ReadableStream> {
    return this.#docker.getEvents({
      filters: { type: ['container'], label: [`${labels.stack}=${this.#stack}`] },
      abortSignal: this.#closing.signal,
    })
  }

  async #follow(first: NodeJS.ReadableStream): Promise<void> {
    const { signal } = this.#closing
    let stream: NodeJS.ReadableStream | null = first
    while (!signal.aborted) {
      try {
        stream ??= await this.#open()
        if (stream !== first) this.#onGap()
        for await (const line of createInterface({ input: stream })) this.#tell(line)
      } catch {
        // The daemon is gone or restarts: that is what the next try is for.
      }
      stream = null
      await pause(reconnectMs, undefined, { signal, ref: false }).catch(() => {}) // Cut short by the closing.
    }
  }

  #tell(line: string): void {
    const { Action, Actor } = eventSchema.parse(JSON.parse(line))
    const code = Actor.Attributes?.['exitCode']
    const exitCode = code === undefined ? null : Number(code)
    this.#onEvent({ action: Action, containerId: Actor.ID, exitCode })
  }
}
