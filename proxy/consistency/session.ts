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
  /** Who answered last what depends on the head, or null. */
  last: Upstream | null = null
  /** The next nonce of each account whose transactions were accepted from it; made when needed. */
  nonces: Map<string, number> | null = null
  /** When it was last looked up by name. Written by {@link Sessions}. */
  usedAtMs = 0
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
 * connections. The session of a connection lives with the connection and is not kept here. Full, it
 * forgets who was not seen for longest.
 */
export class Sessions {
  readonly #bounds: SessionBounds
  /** In the order of their last use. */
  readonly #byName = new Map<string, Session>()

  constructor(bounds: SessionBounds = sessionDefaults) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#byName.size
  }

  /** The session of this name, new where there is none; null for a name that is empty or too long. */
  named(name: string, nowMs: number): Session | null {
    if (name === '' || name.length > maxNameLength) return null
    const known = this.#byName.get(name)
    if (known !== undefined) {
      this.#byName.delete(name)
      this.#byName.set(name, known)
      known.usedAtMs = nowMs
      return known
    }
    this.#forget(nowMs)
    const session = new Session()
    session.usedAtMs = nowMs
    this.#byName.set(name, session)
    return session
  }

  /** Those that were idle too long, and one more where there is no room. */
  #forget(nowMs: number): void {
    for (const [name, { usedAtMs }] of this.#byName) {
      const isIdle = nowMs - usedAtMs > this.#bounds.maxIdleMs
      if (!isIdle && this.#byName.size < this.#bounds.maxSessions) return
      this.#byName.delete(name)
    }
  }
}
