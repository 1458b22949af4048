import type { NodeSpec } from './discovery/node-spec.ts'
import type { HeadFollower } from './upstream/head.ts'
import type { Upstream } from './upstream/upstream.ts'

/**
 * `joining`: asked, and not of the fleet yet. `in`: of the fleet. `leaving`: told to go, and kept
 * because nobody else serves. `parting`: out of the fleet, until its calls are over.
 */
export type Stage = 'joining' | 'in' | 'leaving' | 'parting'

/** One node on its way through the fleet. */
export class Member {
  /** As it was named last. */
  spec: NodeSpec
  readonly upstream: Upstream
  readonly follower: HeadFollower
  stage: Stage
  /** Its first check is over. */
  isAsked = false
  /** Its head is being looked at, for the first time or again. */
  isAdmitting = false
  #isFollowed = false
  #refusal: string | null = null

  constructor(spec: NodeSpec, upstream: Upstream, follower: HeadFollower, stage: Stage) {
    this.spec = spec
    this.upstream = upstream
    this.follower = follower
    this.stage = stage
  }

  /** Looks at its head, and follows it from the first time on. Never rejects. */
  async look(): Promise<void> {
    const isFollowed = this.#isFollowed
    this.isAdmitting = true
    this.#isFollowed = true
    await (isFollowed ? this.follower.look() : this.follower.start())
    this.isAdmitting = false
  }

  /** It may not come in; asked again, it may do better. True where the reason is a new one. */
  refuse(reason: string): boolean {
    const isNew = this.#refusal !== reason
    this.#refusal = reason
    this.upstream.health = 'wrong-chain'
    this.upstream.reason = reason
    return isNew
  }
}
