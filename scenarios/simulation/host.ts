import type { Agenda } from './agenda.ts'
import { Wake } from './wake.ts'

/** One of those that share a host's cores. */
export type Tenant = {
  /** Threads that want a core now, a whole number. */
  readonly runnable: number
  /** Called before the number of its threads that have a core changes, and after. */
  beforeChange(nowMs: number): void
  /** @param running in [0, runnable] */
  afterChange(running: number, nowMs: number): void
}

/** How a machine is shared out. */
export type HostOptions = {
  readonly cores: number
  /** So long does a thread run while another that has run waits. */
  readonly sliceMs: number
  /** So long does a thread keep its core when one wakes up. */
  readonly keptMs: number
}

/** A thread that has a core since. */
type Seat = { readonly guest: Guest; sinceMs: number }
type Guest = {
  readonly tenant: Tenant
  readonly seats: Seat[]
  waiting: number
  /** Number of seats that the tenant was told of. */
  told: number
}

/**
 * The cores of one machine, and the threads of all that runs on it in two queues for them: what makes
 * four nodes with quotas of half a core slow each other down on a machine of two, and lets a light
 * call wait although its node has nothing else to do. Who wakes up goes before those that have run.
 *
 * @see Stoica and Abdel-Wahab, "Earliest eligible virtual deadline first", 1995, and kernel/sched/fair.c:
 *   who has slept has the earlier deadline, and RUN_TO_PARITY protects who runs.
 */
export class Host {
  readonly #options: HostOptions
  readonly #agenda: Agenda
  readonly #guests = new Map<Tenant, Guest>()
  readonly #seats: Seat[] = []
  /** A guest stands in them once for each of its threads that waits. */
  readonly #woken: Guest[] = []
  readonly #served: Guest[] = []
  readonly #turn: Wake

  constructor(options: HostOptions, agenda: Agenda) {
    this.#options = options
    this.#agenda = agenda
    this.#turn = new Wake(agenda, () => this.#share())
  }

  admit(tenant: Tenant): void {
    this.#guests.set(tenant, { tenant, seats: [], waiting: 0, told: 0 })
  }

  /** A tenant's number of runnable threads may have changed. */
  balance(tenant: Tenant): void {
    const guest = this.#guests.get(tenant)
    if (guest === undefined) throw new RangeError('no tenant of this host')
    const more = tenant.runnable - guest.seats.length - guest.waiting
    if (more === 0) return
    for (let i = 0; i < more; i += 1) this.#wait(guest, this.#woken)
    for (let i = 0; i > more; i -= 1) this.#rest(guest)
    this.#share()
  }

  #wait(guest: Guest, queue: Guest[]): void {
    guest.waiting += 1
    queue.push(guest)
  }

  /** One of a guest's threads sleeps: one that waits, or else one that runs. */
  #rest(guest: Guest): void {
    for (const queue of [this.#served, this.#woken]) {
      const at = queue.indexOf(guest)
      if (at < 0) continue
      queue.splice(at, 1)
      guest.waiting -= 1
      return
    }
    const seat = guest.seats.pop()
    if (seat !== undefined) this.#seats.splice(this.#seats.indexOf(seat), 1)
  }

  /** Gives cores to those whose turn it is. */
  #share(): void {
    const { cores, sliceMs, keptMs } = this.#options
    while (this.#seats.length < cores && this.#isWaitedFor) this.#seat()
    while (this.#woken.length > 0 && this.#longestMs >= keptMs) this.#turnOut()
    while (this.#served.length > 0 && this.#longestMs >= sliceMs) this.#turnOut()
    this.#tell()
    const afterMs = this.#woken.length > 0 ? keptMs : sliceMs
    const isWaitedFor = this.#isWaitedFor && this.#seats.length > 0
    this.#turn.at(isWaitedFor ? this.#oldest.sinceMs + afterMs : Number.POSITIVE_INFINITY)
  }

  get #isWaitedFor(): boolean {
    return this.#woken.length + this.#served.length > 0
  }

  /** The seat that was given first. */
  get #oldest(): Seat {
    return this.#seats.reduce((oldest, seat) => (seat.sinceMs < oldest.sinceMs ? seat : oldest))
  }

  /** How long that has run; a thousandth of a microsecond is added against rounding. */
  get #longestMs(): number {
    return this.#agenda.nowMs - this.#oldest.sinceMs + 1e-6
  }

  #seat(): void {
    const guest = this.#woken.shift() ?? this.#served.shift()
    if (guest === undefined) return
    const seat = { guest, sinceMs: this.#agenda.nowMs }
    guest.waiting -= 1
    guest.seats.push(seat)
    this.#seats.push(seat)
  }

  /** Who has run longest makes room for the next one. */
  #turnOut(): void {
    const seat = this.#oldest
    const { guest } = seat
    this.#seats.splice(this.#seats.indexOf(seat), 1)
    guest.seats.splice(guest.seats.indexOf(seat), 1)
    this.#seat()
    this.#wait(guest, this.#served)
  }

  #tell(): void {
    const nowMs = this.#agenda.nowMs
    const changed = [...this.#guests.values()].filter(({ seats, told }) => seats.length !== told)
    for (const { tenant } of changed) tenant.beforeChange(nowMs)
    for (const guest of changed) {
      guest.told = guest.seats.length
      guest.tenant.afterChange(guest.told, nowMs)
    }
  }
}
