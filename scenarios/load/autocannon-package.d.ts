/** The part of autocannon 9 that `autocannon.ts` uses; the package has no types of its own. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  export type Client = EventEmitter & {
    setRequests(requests: readonly { readonly body: string }[]): void
  }

  export type Options = {
    readonly url: string
    readonly method: 'POST'
    readonly headers: { readonly [name: string]: string }
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    /** Seconds. */
    readonly timeout: number
    readonly setupClient: (client: Client) => void
    readonly verifyBody: (body: string) => boolean
  }

  export type Result = {
    /** Seconds it really took. */
    readonly duration: number
    readonly errors: number
    readonly timeouts: number
  }

  export type Instance = PromiseLike<Result> & { stop(): void }

  // biome-ignore lint/style/noDefaultExport: the package's own form
  export default function autocannon(options: Options): Instance
}
