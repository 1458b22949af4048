import type { Upstream } from '../upstream/upstream.ts'

/**
 * What one client was shown, so that no later answer contradicts it. Written from answers that we
 * gave alone: nothing that a client says of itself raises it.
 */
export class Session {
  /** The highest block that an answer showed or was computed on; 0 while none was. */
  floor = 0
  /** The reorganisation count at which `floor` was right. */
  epoch = 0
  /** Who answered last what depends on the head without saying which it is, or null. */
  last: Upstream | null = null
  /** The next nonce of each account whose transactions were accepted from it; made when needed. */
  nonces: Map<string, number> | null = null
}

/** Bounds of {@link Sessions}. */
export type SessionBounds = {
  /** Sessions known by name, at most. */
  readonly maxSessions: number
  /** One that was not used for so long is forgotten, milliseconds. */
  readonly maxIdleMs: number
}

/** 10⁵ sessions take about 20 MB; ten minutes are far longer than nodes disagree. */
export const sessionDefaults: SessionBounds = { maxSessions: 100_000, maxIdleMs: 600_000 }

/** Longer names are no names. */
const maxNameLength = 256

/**
 * Sessions by name: the value of a header or an API key, for clients whose requests come over many
 * connections. The session of a connection lives with the connection and is not kept here. Two
 * generations: who is used moves to the younger one, and when that is half of what is allowed, or
 * half as old as may be, the older one is forgotten whole. (One map in order of use took 30 µs a
 * lookup: V8 walks over what was deleted at its front.)
 */
export class Sessions {
  readonly #bounds: SessionBounds
  #young = new Map<string, Session>()
  #old = new Map<string, Session>()
  #turnedAtMs = Number.NEGATIVE_INFINITY

  constructor(bounds: SessionBounds = sessionDefaults) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** The session of this name, new where there is none; null for a name that is empty or too long. */
  named(name: string, nowMs: number): Session | null {
    if (name === '' || name.length > maxNameLength) return null
    this.#turn(nowMs)
    const young = this.#young.get(name)
    if (young !== undefined) return young
    const session = this.#old.get(name) ?? new Session()
    this.#old.delete(name)
    this.#young.set(name, session)
    return session
  }

  #turn(nowMs: number): void {
    const { maxIdleMs, maxSessions } = this.#bounds
    const isOld = nowMs - this.#turnedAtMs >= maxIdleMs / 2
    if (!isOld && this.#young.size < maxSessions / 2) return
    // Idle for two turns of half the time each, or for more than all of it at once.
    const isForgotten = nowMs - this.#turnedAtMs >= maxIdleMs
    this.#old = isForgotten ? new Map() : this.#young
    this.#young = new Map()
    this.#turnedAtMs = nowMs
  }
}
