/** One of those that share a host's cores. */
export type Tenant = {
  /** Threads that want a core now; fractions for what wants one part of the time. */
  readonly runnable: number
  /** Called before the share that a thread gets changes, and after. */
  beforeChange(nowMs: number): void
  afterChange(share: number, nowMs: number): void
}

/**
 * The cores of one machine, shared evenly by the threads of all nodes on it: what makes four nodes
 * with quotas of half a core slow each other down on a machine of two.
 */
export class Host {
  readonly #cores: number
  /** Threads of what else runs there: proxy, generator, agent. */
  readonly #others: number
  readonly #tenants: Tenant[] = []
  #share = 1

  /**
   * @param cores above 0
   * @param others mean number of threads that run beside the nodes
   */
  constructor(cores: number, others: number) {
    this.#cores = cores
    this.#others = others
  }

  admit(tenant: Tenant): void {
    this.#tenants.push(tenant)
  }

  /** A tenant's number of runnable threads has changed. */
  balance(nowMs: number): void {
    let runnable = this.#others
    for (const tenant of this.#tenants) runnable += tenant.runnable
    const share = runnable <= this.#cores ? 1 : this.#cores / runnable
    if (share === this.#share) return
    for (const tenant of this.#tenants) tenant.beforeChange(nowMs)
    this.#share = share
    for (const tenant of this.#tenants) tenant.afterChange(share, nowMs)
  }
}
