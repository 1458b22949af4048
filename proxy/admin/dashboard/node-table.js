/** The table of nodes: one row each, made once and then only changed. */
import { amount, cpus, duration, percent, setText, unknown } from './format.js'

/** The resources of a node, each with its share of use and its pressure. */
const resources = [
  { name: 'CPU', use: 'cpu', pressure: 'cpu_pressure' },
  { name: 'Memory', use: 'memory', pressure: 'mem_pressure' },
  { name: 'Disk', use: 'disk', pressure: 'io_pressure' },
  { name: 'Network', use: 'network', pressure: null },
]

/** A report older than this is said to be late. */
const lateMs = 1500

const healthWords = {
  up: 'up',
  down: 'down',
  unknown: 'not asked yet',
  'wrong-chain': 'wrong chain',
}

export class NodeTable {
  #body
  #palette
  #order
  #rows = new Map()

  /** @param order called with an id and `drain` or `resume` when a button is pressed */
  constructor(body, palette, order) {
    this.#body = body
    this.#palette = palette
    this.#order = order
  }

  update(snapshot, history) {
    const present = new Set(snapshot.nodes.map((node) => node.id))
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue
      row.line.remove()
      this.#rows.delete(id)
    }
    const fleetCpus = snapshot.nodes.reduce((sum, { capacity }) => sum + (capacity?.cpus ?? 0), 0)
    const known = resources.filter((resource) => isKnown(resource, snapshot.nodes))
    for (const node of snapshot.nodes) {
      const row = this.#rows.get(node.id) ?? this.#add(node.id)
      const capacity = fleetCpus > 0 && node.capacity?.cpus ? node.capacity.cpus / fleetCpus : null
      fill(row, node, { calls: history.share(node.id), capacity })
      for (const { box, name } of row.resources)
        box.hidden = !known.some((each) => each.name === name)
    }
  }

  #add(id) {
    const row = makeRow(id, this.#palette.variable(id))
    row.button.addEventListener('click', () => this.#order(id, row.button.dataset.order))
    this.#body.append(row.line)
    this.#rows.set(id, row)
    return row
  }
}

/** What no agent of the fleet reports gets no room in the table. */
function isKnown({ use, pressure }, nodes) {
  return nodes.some(
    ({ reported }) => reported?.[use] !== undefined || reported?.[pressure] !== undefined,
  )
}

function makeRow(id, colour) {
  const line = element('tr')
  line.style.setProperty('--node', colour)
  const name = line.appendChild(element('th', 'node'))
  name.scope = 'row'
  const row = {
    line,
    name: name.appendChild(element('span', 'node-name', id)),
    about: name.appendChild(element('span', 'muted small')),
    health: cell(line, 'Health').appendChild(element('span', 'health')),
    reason: line.lastChild.appendChild(element('span', 'muted small')),
    head: cell(line, 'Head', 'number').appendChild(element('span')),
    lag: line.lastChild.appendChild(element('span', 'lag')),
    inFlight: cell(line, 'In flight', 'number').appendChild(element('span')),
    share: cell(line, 'Share of calls').appendChild(element('span', 'share')),
    latency: cell(line, 'p50 / p99', 'number').appendChild(element('span')),
    state: cell(line, 'State').appendChild(element('span', 'resources')),
    age: cell(line, 'Report').appendChild(element('span', 'age')),
    source: line.lastChild.appendChild(element('span', 'muted small')),
    button: cell(line, '').appendChild(element('button')),
  }
  row.shareText = row.share.appendChild(element('span', 'share-text'))
  row.bar = row.share.appendChild(element('span', 'bar'))
  row.resources = resources.map((resource) => makeResource(row.state, resource))
  row.button.type = 'button'
  return row
}

function makeResource(parent, resource) {
  const box = parent.appendChild(element('span', 'resource'))
  const name = box.appendChild(element('span', 'resource-name'))
  name.append(resource.name)
  const value = name.appendChild(element('span', 'resource-value'))
  return { ...resource, box, value, meters: box.appendChild(element('span', 'meters')) }
}

function fill(row, node, shares) {
  fillHealth(row, node)
  setText(row.about, node.capacity?.cpus ? cpus(node.capacity.cpus) : 'capacity unknown')
  setText(row.head, node.head === null ? unknown : node.head.toLocaleString('en'))
  setText(row.lag, node.lagBlocks ? `${node.lagBlocks} behind` : '')
  setText(row.inFlight, amount(node.inFlight))
  fillShare(row, shares)
  const { latencyMs } = node
  setText(
    row.latency,
    latencyMs ? `${duration(latencyMs.p50)} / ${duration(latencyMs.p99)}` : unknown,
  )
  for (const resource of row.resources) fillResource(resource, node.reported)
  fillReport(row, node)
  setText(row.button, node.draining ? 'Resume' : 'Drain')
  row.button.dataset.order = node.draining ? 'resume' : 'drain'
  row.button.setAttribute('aria-label', `${row.button.textContent} ${node.id}`)
}

function fillHealth(row, node) {
  const isWell = node.health === 'up' && node.breaker === 'closed' && !node.draining
  row.line.classList.toggle('out', node.health !== 'up')
  row.health.dataset.is = node.health === 'up' ? (isWell ? 'well' : 'held') : 'ill'
  const words = [healthWords[node.health]]
  if (node.draining) words.push('draining')
  if (node.breaker !== 'closed') words.push(`breaker ${node.breaker}`)
  setText(row.health, words.join(', '))
  setText(row.reason, node.reason ?? '')
}

function fillShare(row, { calls, capacity }) {
  row.bar.style.setProperty('--share', calls ?? 0)
  row.bar.style.setProperty('--capacity', capacity ?? 0)
  row.bar.classList.toggle('no-capacity', capacity === null)
  setText(row.shareText, calls === null ? unknown : percent(calls))
  row.share.title = capacity === null ? '' : `${percent(capacity)} of the fleet’s CPUs`
}

function fillResource({ box, value, meters, name, use, pressure }, state) {
  const [used, waited] = [state?.[use], pressure === null ? undefined : state?.[pressure]]
  box.classList.toggle('unknown', used === undefined && waited === undefined)
  meters.style.setProperty('--use', used ?? 0)
  meters.style.setProperty('--waited', waited ?? 0)
  meters.classList.toggle('no-pressure', waited === undefined)
  setText(value, used === undefined ? unknown : percent(used))
  box.title = `${name}: ${told('use', used)}, ${told('pressure', waited)}`
}

function told(what, share) {
  return share === undefined ? `${what} unknown` : `${what} ${percent(share)}`
}

function fillReport(row, { reportAgeMs, source, rung }) {
  setText(row.age, reportAgeMs === null ? 'none' : `${duration(reportAgeMs)} ago`)
  row.age.classList.toggle('late', reportAgeMs === null || reportAgeMs > lateMs)
  setText(row.source, [source ?? 'no agent', ...(rung === null ? [] : [rung])].join(' · '))
}

/** A cell; `label` stands before it where the table is shown as cards. */
function cell(line, label, className = '') {
  const made = line.appendChild(element('td', className))
  made.dataset.label = label
  return made
}

function element(tag, className = '', text = '') {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text) made.textContent = text
  return made
}
