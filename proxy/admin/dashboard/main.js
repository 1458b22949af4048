/** Puts the page together: the stream feeds the history, and each part shows what it holds. */
import { NodeChart } from './charts.js'
import { sayConnection, tokenNeeded } from './connection.js'
import { EventLog } from './event-log.js'
import { amount, duration } from './format.js'
import { Header } from './header.js'
import { History } from './history.js'
import { NodeTable } from './node-table.js'
import { OrderList } from './order-list.js'
import { onSchemeChange, Palette } from './palette.js'
import { Plane } from './plane.js'
import { ask, follow, TokenNeeded } from './stream.js'

/** The axes of the state space as the reports name them, and as people do. */
const axisNames = {
  cpu: 'CPU',
  cpu_pressure: 'CPU pressure',
  memory: 'memory',
  mem_pressure: 'memory pressure',
  disk: 'disk',
  io_pressure: 'disk pressure',
  network: 'network',
}

const chartMs = 1000
const sayMs = 5000

const byId = (id) => document.getElementById(id)

const history = new History()
const palette = new Palette()
const plane = new Plane(byId('plane'), history, palette)
const table = new NodeTable(byId('rows'), palette, orderNode)
const line = new OrderList(byId('order'), byId('order-note'), palette)
const log = new EventLog(byId('events'))
const header = new Header(byId, chooseStrategy)
const charts = [
  new NodeChart(byId('rate-chart'), history, palette, { read: (of) => of.calls, write: amount }),
  new NodeChart(byId('p99-chart'), history, palette, { read: (of) => of.p99, write: duration }),
]

let latest = null
let lostAtMs = null
let chartedAtMs = Number.NEGATIVE_INFINITY

offerAxes()
onSchemeChange(() => {
  plane.redraw()
  for (const chart of charts) chart.recolour()
})
setInterval(sayHowLongLost, 1000)
await follow({ snapshot: show, lost, token: tokenNeeded })

function show(snapshot) {
  const nowMs = performance.now()
  if (lostAtMs !== null) found()
  sayConnection('live', 'well')
  latest = snapshot
  palette.learn(snapshot.nodes.map((node) => node.id))
  history.add(snapshot, nowMs)
  header.update(snapshot, history)
  plane.update(snapshot, nowMs)
  line.update(snapshot, nowMs)
  table.update(snapshot, history)
  log.update(snapshot)
  sayMissing()
  if (nowMs - chartedAtMs < chartMs) return
  chartedAtMs = nowMs
  for (const chart of charts) chart.update()
}

function lost(reason) {
  if (lostAtMs === null) {
    lostAtMs = performance.now()
    log.say(`Lost the proxy: ${reason}`, 'ill')
  }
  document.body.classList.add('is-lost')
  sayConnection('lost', 'ill')
  sayHowLongLost()
}

function found() {
  lostAtMs = null
  log.say('The proxy is back', 'well')
  document.body.classList.remove('is-lost')
  byId('banner').hidden = true
}

function sayHowLongLost() {
  if (lostAtMs === null) return
  const seconds = Math.round((performance.now() - lostAtMs) / 1000)
  const what = latest === null ? 'Nothing to show yet.' : `What you see is ${seconds} s old.`
  byId('banner').textContent = `No connection to the proxy. ${what} Trying again.`
  byId('banner').hidden = false
}

function offerAxes() {
  const [x, y] = [byId('axis-x'), byId('axis-y')]
  for (const select of [x, y]) {
    select.append(...Object.entries(axisNames).map(([name, label]) => new Option(label, name)))
    select.addEventListener('change', () => {
      plane.show({ x: x.value, y: y.value })
      sayMissing()
    })
  }
  x.value = 'cpu'
  y.value = 'cpu_pressure'
}

function sayMissing() {
  const missing = plane.missing().map(({ id, reason }) => `${id} (${reason})`)
  byId('off-plane').hidden = missing.length === 0
  byId('off-plane').textContent = `Not on the plane: ${missing.join(', ')}.`
}

async function orderNode(id, order) {
  await tell(`/api/nodes/${encodeURIComponent(id)}/${order}`, { method: 'POST' })
}

async function chooseStrategy(name) {
  const isTaken = await tell('/api/strategy', { method: 'PUT', body: JSON.stringify({ name }) })
  if (!isTaken && latest !== null) header.showStrategy(latest.strategy)
}

/** Gives an order; says so when it was refused, and returns whether it was taken. */
async function tell(path, options) {
  try {
    await ask(path, options)
    return true
  } catch (error) {
    if (error instanceof TokenNeeded) await tokenNeeded()
    say(`Not done: ${error.message}`)
    return false
  }
}

function say(text) {
  const said = byId('said')
  said.textContent = text
  said.hidden = false
  setTimeout(() => {
    if (said.textContent === text) said.hidden = true
  }, sayMs)
}
