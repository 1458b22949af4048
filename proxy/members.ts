import { isSameNode, type NodeSpec } from './discovery/node-spec.ts'
import { Member, type Stage } from './member.ts'
import type { Agents } from './upstream/agents.ts'
import type { Fleet } from './upstream/fleet.ts'
import type { HeadFollower } from './upstream/head.ts'
import type { HealthChecks } from './upstream/health.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What nodes are made of and who must hear of them. */
export type MemberParts = {
  readonly fleet: Fleet
  readonly health: HealthChecks
  readonly agents: Agents
  upstreamOf(spec: NodeSpec): Upstream
  followerOf(upstream: Upstream): HeadFollower
  /** Whether its head, once looked at, can be true. */
  mayBelieve(upstream: Upstream): boolean
  /** By the strategy in force. */
  renewMeter(upstream: Upstream): void
  /** It left the fleet; calls may be under way on it. */
  left(upstream: Upstream): void
  /** Nothing is under way on it: whatever is kept for it ends. */
  drop(upstream: Upstream): Promise<void>
  log(details: object, message: string): void
}

/**
 * Who is in the fleet, and all that is kept for each. A node that comes is asked for its chain,
 * genesis and head before it takes calls; one that goes finishes its calls, and nothing of it stays.
 */
export class Members {
  readonly #parts: MemberParts
  readonly #members = new Set<Member>()
  readonly #leaving = new Set<Member>()
  readonly #ending = new Set<Promise<void>>()
  /** First questions to nodes that come. */
  readonly #asking = new Set<Promise<void>>()
  #isClosed = false
  /** Checks since the last view. */
  #plainChecks = 0
  /** Nodes admitted to the fleet and nodes that left it, so far. */
  joined = 0
  left = 0

  /** @param founders of the fleet from the start, whatever they answer: the most of them say which chain it is */
  constructor(parts: MemberParts, founders: readonly { spec: NodeSpec; upstream: Upstream }[]) {
    this.#parts = parts
    for (const { spec, upstream } of founders) {
      const member = this.#made(spec, upstream, 'in')
      this.#equip(member)
    }
  }

  /** Those of the fleet first; of nodes with the same id, the one that counts. */
  get upstreams(): readonly Upstream[] {
    const { fleet } = this.#parts
    const ids = new Set(fleet.upstreams.map(({ id }) => id))
    const others = [...this.#members]
      .filter(({ stage }) => stage === 'joining' || stage === 'parting')
      .sort((a, b) => a.stage.localeCompare(b.stage))
      .map(({ upstream }) => upstream)
      .filter(({ id }) => !ids.has(id) && ids.add(id))
    return [...fleet.upstreams, ...others]
  }

  /** Nodes that are kept in any stage, for tests and people. */
  get size(): number {
    return this.#members.size
  }

  /** Begins to follow the founders. */
  async start(): Promise<void> {
    await this.#parts.health.start((isNews) => {
      this.#refresh(isNews)
      this.#settle()
    })
    await Promise.all([...this.#members].map(({ follower }) => follower.start()))
  }

  /** Resolves when all nodes named so far were asked, and are of the fleet if they answered well. */
  async settled(): Promise<void> {
    while (this.#asking.size > 0) await Promise.all(this.#asking)
  }

  /** From now on these and no others are the nodes; their ids are told apart. */
  apply(specs: readonly NodeSpec[]): void {
    if (this.#isClosed) return
    const wanted = new Map(specs.map((spec) => [spec.id, spec]))
    for (const member of [...this.#members]) {
      if (member.stage === 'parting') continue
      const spec = wanted.get(member.spec.id)
      if (spec === undefined || !isSameNode(spec, member.spec)) this.#dismiss(member)
      else {
        wanted.delete(spec.id)
        this.#keep(member, spec)
      }
    }
    for (const spec of wanted.values()) this.#invite(spec)
    this.#settle()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#members].map(({ follower }) => follower.close()))
    await Promise.all(
      [...this.#members]
        .filter(({ stage }) => stage === 'joining' || stage === 'parting')
        .map(({ upstream }) => upstream.close()),
    )
    await Promise.all(this.#ending)
  }

  #made(spec: NodeSpec, upstream: Upstream, stage: Stage): Member {
    const follower = this.#parts.followerOf(upstream)
    const member = new Member(spec, upstream, follower, stage)
    this.#members.add(member)
    return member
  }

  /** A known node is named again, perhaps with other orders. */
  #keep(member: Member, spec: NodeSpec): void {
    const { upstream } = member
    const before = member.spec
    member.spec = spec
    const isBack = member.stage === 'leaving'
    if (isBack) member.stage = 'in'
    this.#leaving.delete(member)
    if (isBack || before.drain !== spec.drain) {
      upstream.draining = spec.drain ?? false
      this.#parts.fleet.refresh()
    }
    if (before.agent?.href !== spec.agent?.href && member.stage === 'in') {
      this.#parts.agents.assign(upstream, spec.agent ?? null)
    }
  }

  #invite(spec: NodeSpec): void {
    const member = this.#made(spec, this.#parts.upstreamOf(spec), 'joining')
    // Never rejects: what a check finds is written on the node.
    this.#await(this.#parts.health.add(member.upstream, (isNews) => this.#checked(member, isNews)))
  }

  #await(doing: Promise<void>): void {
    const asking = doing.finally(() => this.#asking.delete(asking))
    this.#asking.add(asking)
  }

  #checked(member: Member, isNews: boolean): void {
    if (this.#isClosed) return
    member.isAsked = true
    if (member.stage === 'joining') this.#admitAll()
    else this.#refresh(isNews)
    this.#settle()
  }

  /**
   * Brings the view up to date, at once for news and else once for all nodes: breakers and reports
   * change with time, and a thousand nodes would spend a core on views that are all alike.
   */
  #refresh(isNews: boolean): void {
    const { fleet } = this.#parts
    this.#plainChecks += 1
    if (!isNews && this.#plainChecks < fleet.upstreams.length) return
    this.#plainChecks = 0
    fleet.refresh()
  }

  /**
   * Lets in who answered well. A fleet without nodes waits until all that came with the first were
   * asked: the most of them say which chain it is, not the fastest.
   */
  #admitAll(): void {
    const { fleet } = this.#parts
    const joining = [...this.#members].filter(({ stage }) => stage === 'joining')
    if (fleet.upstreams.length === 0 && joining.some(({ isAsked }) => !isAsked)) return
    const able = joining.filter((member) => this.#mayJoin(member))
    if (able.length === 0) return
    // Their heads are looked at first, so that one on another branch is known to be.
    const looks = able.map((member) => member.look())
    this.#await(Promise.all(looks).then(() => this.#admit(able)))
  }

  #mayJoin(member: Member): boolean {
    const { upstream, isAdmitting } = member
    if (isAdmitting || upstream.health !== 'up') return false
    return this.#isFree(member, this.#parts.fleet.objectionTo(upstream))
  }

  /** After its head was looked at; much may have happened meanwhile. */
  #isWelcome(member: Member): boolean {
    const { fleet, mayBelieve } = this.#parts
    const { upstream, stage } = member
    if (stage !== 'joining' || upstream.health !== 'up') return false
    const isTall = !mayBelieve(upstream)
    const reason = isTall
      ? `head ${upstream.head}, far above the fleet's, without such a block`
      : null
    return this.#isFree(member, fleet.objectionTo(upstream) ?? reason)
  }

  /** Refuses it where there is a reason to. */
  #isFree(member: Member, reason: string | null): boolean {
    if (reason === null) return true
    const { id } = member.upstream
    if (member.refuse(reason)) this.#parts.log({ node: id, reason }, 'node refused')
    return false
  }

  #admit(able: readonly Member[]): void {
    if (this.#isClosed) return
    const { fleet, log } = this.#parts
    const staying = able.filter((member) => this.#isWelcome(member))
    const isAmongOthers = fleet.upstreams.length > 0
    for (const member of staying) {
      const { upstream, spec } = member
      member.stage = 'in'
      upstream.draining = spec.drain ?? false
      // The strategy may have changed since it was asked.
      this.#parts.renewMeter(upstream)
      if (isAmongOthers) upstream.meter.joined?.()
      this.#equip(member)
      this.joined += 1
    }
    fleet.add(staying.map(({ upstream }) => upstream))
    for (const { upstream } of staying) {
      log({ node: upstream.id, url: upstream.url.host, head: upstream.head }, 'node joined')
    }
    this.#settle()
  }

  #equip({ spec, upstream }: Member): void {
    if (spec.drain === true) upstream.draining = true
    if (spec.agent !== undefined) this.#parts.agents.assign(upstream, spec.agent)
  }

  #dismiss(member: Member): void {
    if (member.stage === 'leaving') return
    if (member.stage === 'joining') {
      this.#part(member)
      return
    }
    member.stage = 'leaving'
    this.#leaving.add(member)
    member.upstream.draining = true
    this.#parts.fleet.refresh()
  }

  /** Lets those go that were told to: at once where they are down or others serve. */
  #settle(): void {
    if (this.#isClosed) return
    if (this.#leaving.size === 0) return
    const leaving = [...this.#leaving]
    const { fleet } = this.#parts
    const going = new Set(leaving.map(({ upstream }) => upstream))
    const isServed = fleet.view.readers.some((reader) => !going.has(reader))
    for (const member of leaving) {
      if (isServed || member.upstream.health !== 'up') this.#part(member)
    }
  }

  #part(member: Member): void {
    const { fleet, agents, log } = this.#parts
    const { upstream } = member
    const wasIn = member.stage === 'leaving'
    member.stage = 'parting'
    this.#leaving.delete(member)
    upstream.draining = true
    agents.assign(upstream, null)
    fleet.remove(upstream)
    if (wasIn) {
      this.left += 1
      log({ node: upstream.id, inFlight: upstream.inFlight }, 'node left')
    }
    const ending = this.#end(member).finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  async #end(member: Member): Promise<void> {
    const { upstream, follower } = member
    await follower.close()
    this.#parts.left(upstream)
    // Its checks go on meanwhile: where it is found dead, its calls are made again elsewhere.
    await upstream.idle()
    await this.#parts.health.remove(upstream)
    await upstream.close()
    await this.#parts.drop(upstream)
    this.#members.delete(member)
  }
}
