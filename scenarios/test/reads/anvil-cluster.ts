import { type AnvilNode, chainId } from '../../fleets/anvil-node.ts'
import { freePorts } from '../../ports.ts'
import type { Reaper } from '../../reaper.ts'
import { AnvilMember, type MadeBlock } from './anvil-member.ts'
import { type Cluster, listOf, parentOf, pathTo } from './cluster.ts'

/** Anvils that know nothing of each other, and make the same blocks of the same transactions. */
export class AnvilCluster implements Cluster {
  readonly chainId = chainId
  readonly #members: readonly AnvilMember[]
  readonly #heads: MadeBlock[] = []
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(members: readonly AnvilMember[]) {
    this.#members = members
  }

  static async start(count: number, folder: string, reaper: Reaper): Promise<AnvilCluster> {
    const ports = await freePorts(count)
    const members = ports.map((port, i) => new AnvilMember(`anvil-${i + 1}`, port, folder, reaper))
    const cluster = new AnvilCluster(members)
    try {
      const heads = await Promise.all(members.map((member) => member.start()))
      cluster.#heads.push(...heads.slice(0, 1))
      await cluster.seal([])
      return cluster
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  get nodes(): readonly AnvilNode[] {
    return this.#members.map(({ node }) => node)
  }

  get heads(): readonly MadeBlock[] {
    return this.#heads
  }

  seal(raws: readonly string[]): Promise<MadeBlock> {
    return this.#inTurn(async () => this.#spread(await this.#maker().extend(raws)))
  }

  /** All that was in the replaced blocks is in the first of the new ones, with `raws` behind it. */
  reorg(depth: number, raws: readonly string[]): Promise<MadeBlock> {
    return this.#inTurn(async () => {
      if (raws.length === 0)
        throw new RangeError('without a transaction it would be the same block')
      const maker = this.#maker()
      let ancestor = maker.head
      for (let i = 0; i < depth; i += 1) ancestor = parentOf(ancestor)
      const removed = pathTo(ancestor, maker.head).flatMap((block) => block.raws)
      const empty = Array.from({ length: depth - 1 }, () => [])
      const last = await maker.replace(ancestor, [[...removed, ...raws], ...empty])
      this.#heads.push(...pathTo(ancestor, last))
      return this.#spread(await maker.extend([]))
    })
  }

  async logs({ hash }: MadeBlock): Promise<readonly unknown[]> {
    return listOf(await this.#maker().rpc.call('eth_getLogs', { blockHash: hash }))
  }

  trail(id: string, blocks: number): Promise<void> {
    return this.#inTurn(async () => {
      const member = this.#member(id)
      member.behind = blocks
      await this.#follow(member)
    })
  }

  hold(id: string): void {
    this.#member(id).behind = null
  }

  async kill(id: string): Promise<void> {
    const member = this.#member(id)
    member.isUp = false
    await member.node.kill()
  }

  restart(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const member = this.#member(id)
      await member.start()
      member.isUp = true
      await this.#follow(member)
    })
  }

  freeze(id: string): void {
    this.#signal(id, 'SIGSTOP')
    this.#member(id).isUp = false
  }

  thaw(id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#signal(id, 'SIGCONT')
      const member = this.#member(id)
      member.isUp = true
      await this.#follow(member)
    })
  }

  async close(): Promise<void> {
    // Ends the calls under way, so that what has its turn comes to an end.
    await Promise.all(this.#members.map(({ rpc }) => rpc.close()))
    await this.#turn
    await Promise.all(this.#members.map(({ node }) => node.kill()))
  }

  #maker(): AnvilMember {
    const head = this.#heads.at(-1)
    const maker = this.#members.find((member) => member.isUp && member.head.hash === head?.hash)
    if (maker === undefined) throw new Error('no node has the head')
    return maker
  }

  async #spread(head: MadeBlock): Promise<MadeBlock> {
    this.#heads.push(head)
    await Promise.all(this.#members.map((member) => this.#follow(member)))
    return head
  }

  async #follow(member: AnvilMember): Promise<void> {
    const { isUp, behind } = member
    let target = this.#heads.at(-1)
    if (!isUp || behind === null || target === undefined) return
    for (let i = 0; i < behind && target.number > 0; i += 1) target = parentOf(target)
    // It waits where it is until the others are so far ahead.
    if (behind === 0 || target.number > member.head.number) await member.goTo(target)
  }

  #signal(id: string, name: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#member(id).node.pid()
    if (pid === null) throw new Error(`${id} is down`)
    process.kill(pid, name)
  }

  #member(id: string): AnvilMember {
    const member = this.#members.find(({ node }) => node.id === id)
    if (member === undefined) throw new RangeError(`there is no node ${id}`)
    return member
  }

  /** One at a time, first come first. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {}) // Told to who asked.
    return done
  }
}
