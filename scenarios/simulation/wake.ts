import type { Agenda, Happening } from './agenda.ts'

/** An entry of the agenda that can be moved: only the last time it was set to counts. */
export class Wake implements Happening {
  readonly #agenda: Agenda
  readonly #wake: () => void
  #version = 0
  #atMs = Number.POSITIVE_INFINITY

  constructor(agenda: Agenda, wake: () => void) {
    this.#agenda = agenda
    this.#wake = wake
  }

  /** @param atMs infinite: not at all */
  at(atMs: number): void {
    if (atMs === this.#atMs) return
    this.#atMs = atMs
    this.#version += 1
    if (atMs < Number.POSITIVE_INFINITY) this.#agenda.add(atMs, this, this.#version)
  }

  happen(version: number): void {
    if (version !== this.#version) return
    this.#atMs = Number.POSITIVE_INFINITY
    this.#wake()
  }
}
