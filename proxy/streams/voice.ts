import type { Push } from '../exchange.ts'
import type { Listener } from './feed.ts'

/** Bytes of notifications kept for a subscription whose answer is not out yet. */
const maxHeldBytes = 16_777_216

const notificationTail = Buffer.from('}}')

/** Turns results into one client's notifications, and holds them until its answer is out. */
export class Voice implements Listener {
  readonly #push: Push
  readonly #opening: Buffer
  #held: Buffer[] | null = []
  #heldBytes = 0

  constructor(push: Push, method: string, id: string) {
    this.#push = push
    const name = JSON.stringify(method.replace(/_subscribe$/, '_subscription'))
    this.#opening = Buffer.from(
      `{"jsonrpc":"2.0","method":${name},"params":{"subscription":"${id}","result":`,
    )
  }

  activate(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const bytes of held) this.#push.push(bytes)
  }

  next(result: Buffer): void {
    const bytes = Buffer.concat([this.#opening, result, notificationTail])
    if (this.#held === null) {
      this.#push.push(bytes)
      return
    }
    this.#heldBytes += bytes.length
    // Geth would hold any number. A client is not told less than all, so it is told nothing more.
    if (this.#heldBytes > maxHeldBytes) this.#push.cutOff('slow')
    else this.#held.push(bytes)
  }

  lost(): void {
    this.#push.cutOff('gap')
  }
}
