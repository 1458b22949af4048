import type { Agenda, Happening } from './agenda.ts'
import type { Host, Tenant } from './host.ts'
import { Wake } from './wake.ts'

/** What a program of one thread uses of a core, whatever it is asked for. */
export type ProgramOptions = {
  /** Timers, reports, garbage: mean use without any call, in [0, 1). */
  readonly idleCores: number
  /** The pieces in which it uses that. */
  readonly idleMs: number
}

/** What a call costs a program that it passes. */
export type PassageOptions = ProgramOptions & {
  /** CPU on its way to the nodes and back, milliseconds. */
  readonly inMs: number
  readonly outMs: number
}

type Job = { leftMs: number; readonly after: Happening | null; readonly what: number }

const noneMs = 1e-9

/** A program of one thread on a host, such as the proxy: it does one thing after the other. */
export class Program implements Tenant {
  readonly #options: ProgramOptions
  readonly #agenda: Agenda
  readonly #host: Host
  readonly #jobs: Job[] = []
  readonly #done: Wake
  readonly #idle: Happening
  #hasCore = false
  #nowMs = 0

  /** @param phase in [0, 1): when its own work begins */
  constructor(options: ProgramOptions, agenda: Agenda, host: Host, phase: number) {
    this.#options = options
    this.#agenda = agenda
    this.#host = host
    this.#done = new Wake(agenda, () => this.#advance())
    this.#idle = { happen: () => this.#workForItself() }
    host.admit(this)
    if (options.idleCores > 0) agenda.add(phase * this.#idlePeriodMs, this.#idle, 0)
  }

  get runnable(): number {
    return this.#jobs.length > 0 ? 1 : 0
  }

  /** Has it work for `cpuMs` once it has done what it was asked for before; `after` happens then. */
  run(cpuMs: number, after: Happening, what: number): void {
    this.#add({ leftMs: cpuMs, after, what })
  }

  beforeChange(nowMs: number): void {
    const forMs = nowMs - this.#nowMs
    this.#nowMs = nowMs
    const [job] = this.#jobs
    if (this.#hasCore && job !== undefined) job.leftMs -= forMs
  }

  afterChange(running: number, nowMs: number): void {
    this.#hasCore = running > 0
    const [job] = this.#jobs
    const isRunning = this.#hasCore && job !== undefined
    this.#done.at(isRunning ? nowMs + Math.max(0, job.leftMs) : Number.POSITIVE_INFINITY)
  }

  get #idlePeriodMs(): number {
    return this.#options.idleMs / this.#options.idleCores
  }

  #workForItself(): void {
    this.#add({ leftMs: this.#options.idleMs, after: null, what: 0 })
    this.#agenda.add(this.#agenda.nowMs + this.#idlePeriodMs, this.#idle, 0)
  }

  #add(job: Job): void {
    this.beforeChange(this.#agenda.nowMs)
    this.#jobs.push(job)
    if (this.#jobs.length === 1) this.#next()
  }

  /** Ends what is done, and goes on with the next. */
  #advance(): void {
    this.beforeChange(this.#agenda.nowMs)
    const [job] = this.#jobs
    const isDone = job !== undefined && job.leftMs <= noneMs
    if (isDone) this.#jobs.shift()
    this.#next()
    if (isDone) job.after?.happen(job.what)
  }

  #next(): void {
    this.#host.balance(this)
    this.afterChange(this.#hasCore && this.#jobs.length > 0 ? 1 : 0, this.#agenda.nowMs)
  }
}

/** A program that all calls pass. Where it has a machine of its own, or none, that costs nothing. */
export class Passage {
  readonly #options: PassageOptions | null
  readonly #program: Program | null

  constructor(options: PassageOptions | null, program: Program | null) {
    this.#options = options
    this.#program = program
  }

  /** Lets `after` happen to a call once it has passed on its way in. */
  in(call: number, after: Happening): void {
    this.#pass(call, this.#options?.inMs ?? 0, after)
  }

  out(call: number, after: Happening): void {
    this.#pass(call, this.#options?.outMs ?? 0, after)
  }

  #pass(call: number, cpuMs: number, after: Happening): void {
    if (this.#program === null) after.happen(call)
    else this.#program.run(cpuMs, after, call)
  }
}
