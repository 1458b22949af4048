/**
 * A colour for each node, kept while the page is open. The eight colours stand in dashboard.css as
 * `--node-0` … `--node-7`, one set for each scheme, after Okabe and Ito's colour-blind-safe palette.
 */

const colours = 8

export class Palette {
  #indexes = new Map()

  /** Gives these ids their colours, in this order, where they have none yet. */
  learn(ids) {
    for (const id of ids) this.#name(id)
  }

  /** The CSS value to use in a style: `var(--node-3)`. */
  variable(id) {
    return `var(${this.#name(id)})`
  }

  /** The colour itself in the scheme of the moment, for a canvas. */
  colour(id) {
    return themed(this.#name(id))
  }

  #name(id) {
    if (!this.#indexes.has(id)) this.#indexes.set(id, this.#indexes.size % colours)
    return `--node-${this.#indexes.get(id)}`
  }
}

/** A custom property of the page in the scheme of the moment. */
export function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Calls back when the reader's system turns dark or light. */
export function onSchemeChange(callback) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', callback)
}
