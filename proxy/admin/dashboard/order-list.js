/** Who would get the next call: the nodes by the distance that the strategy sees, nearest first. */
import { setText } from './format.js'

/** Distances move with every call. What is shown is their mean over so long, so that it is read. */
const meanMs = 1000

export class OrderList {
  #list
  #note
  #palette
  #items = new Map()
  /** For each node that may serve, its distances since the list was last shown. */
  #seen = new Map()
  #shownAtMs = Number.NEGATIVE_INFINITY

  constructor(list, note, palette) {
    this.#list = list
    this.#note = note
    this.#palette = palette
  }

  update({ nodes, strategy }, nowMs) {
    const measured = nodes.filter((node) => node.distance !== null && mayServe(node))
    for (const { id, distance } of measured) {
      this.#seen.set(id, [...(this.#seen.get(id) ?? []), distance])
    }
    if (nowMs - this.#shownAtMs < meanMs) return
    this.#shownAtMs = nowMs
    this.#show(measured.map(({ id }) => ({ id, distance: mean(this.#seen.get(id)) })))
    this.#seen.clear()
    setText(this.#note, noteFor(measured, nodes, strategy))
  }

  #show(measured) {
    const sorted = measured.toSorted((a, b) => a.distance - b.distance)
    const farthest = Math.max(...sorted.map((node) => node.distance).filter(Number.isFinite), 1e-9)
    for (const { id, distance } of sorted) {
      if (!this.#items.has(id)) this.#items.set(id, this.#make(id))
      const item = this.#items.get(id)
      const isMeasured = Number.isFinite(distance)
      setText(item.distance, isMeasured ? distance.toFixed(3) : '∞')
      item.bar.style.setProperty('--length', isMeasured ? distance / farthest : 1)
    }
    this.#list.replaceChildren(...sorted.map(({ id }) => this.#items.get(id).line))
    const present = new Set(sorted.map(({ id }) => id))
    for (const id of this.#items.keys()) if (!present.has(id)) this.#items.delete(id)
  }

  #make(id) {
    const line = document.createElement('li')
    line.style.setProperty('--node', this.#palette.variable(id))
    const [name, distance, bar] = ['node-name', 'distance', 'distance-bar'].map((className) => {
      const span = line.appendChild(document.createElement('span'))
      span.className = className
      return span
    })
    name.textContent = id
    name.title = id
    return { line, distance, bar }
  }
}

function mayServe({ health, breaker, draining }) {
  return health === 'up' && breaker !== 'open' && !draining
}

function mean(numbers) {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length
}

function noteFor(measured, nodes, strategy) {
  if (!nodes.some(mayServe)) return 'No node can take a call.'
  if (measured.length === 0) return `${strategy} does not measure a distance.`
  return 'Distance from idle with one more call, over the last second.'
}
