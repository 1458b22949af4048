/** Who would get the next call: the nodes by the distance that the strategy sees, nearest first. */
import { setText } from './format.js'

/** The list is put in order this often; four times a second nobody could read it. */
const sortMs = 1000

export class OrderList {
  #list
  #note
  #palette
  #items = new Map()
  #sortedAtMs = Number.NEGATIVE_INFINITY

  constructor(list, note, palette) {
    this.#list = list
    this.#note = note
    this.#palette = palette
  }

  update({ nodes, strategy }, nowMs) {
    const measured = nodes.filter((node) => node.distance !== null && mayServe(node))
    this.#keep(measured)
    const farthest = Math.max(...measured.map((node) => node.distance), Number.MIN_VALUE)
    for (const node of measured) this.#fill(node, farthest)
    if (nowMs - this.#sortedAtMs >= sortMs) {
      this.#sortedAtMs = nowMs
      const sorted = measured.toSorted((a, b) => a.distance - b.distance)
      this.#list.append(...sorted.map((node) => this.#items.get(node.id).line))
    }
    setText(this.#note, noteFor(measured, nodes, strategy))
  }

  #keep(nodes) {
    const present = new Set(nodes.map((node) => node.id))
    for (const [id, item] of this.#items) {
      if (present.has(id)) continue
      item.line.remove()
      this.#items.delete(id)
    }
    for (const { id } of nodes) if (!this.#items.has(id)) this.#add(id)
  }

  #add(id) {
    const line = document.createElement('li')
    line.style.setProperty('--node', this.#palette.variable(id))
    const [name, distance, bar] = ['node-name', 'distance', 'distance-bar'].map((className) => {
      const span = line.appendChild(document.createElement('span'))
      span.className = className
      return span
    })
    name.textContent = id
    name.title = id
    this.#items.set(id, { line, distance, bar })
    this.#list.append(line)
    this.#sortedAtMs = Number.NEGATIVE_INFINITY
  }

  #fill({ id, distance }, farthest) {
    const item = this.#items.get(id)
    setText(item.distance, Number.isFinite(distance) ? distance.toFixed(3) : '∞')
    item.bar.style.setProperty('--length', Number.isFinite(distance) ? distance / farthest : 1)
  }
}

function mayServe({ health, breaker, draining }) {
  return health === 'up' && breaker !== 'open' && !draining
}

function noteFor(measured, nodes, strategy) {
  if (!nodes.some(mayServe)) return 'No node can take a call.'
  if (measured.length === 0) return `${strategy} does not measure a distance.`
  return 'Distance from idle with one more call.'
}
