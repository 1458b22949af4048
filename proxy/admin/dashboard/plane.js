/**
 * The state plane: two axes of the state space, the idle origin at the bottom left, arcs of equal
 * distance around it, and each node as a dot that moves. Both axes have one scale, so that an arc
 * is a circle and nearer is nearer.
 */

import { trailMs } from './history.js'
import { themed } from './palette.js'
import { arcs, axes, backdrop, plotOf, ticksFor, within } from './plane-frame.js'
import { dot, link, names, ring, trail } from './plane-marks.js'
import { shortNames } from './short-names.js'

/** A dot takes this long to move to its new state; reports come every 250 ms. */
const moveMs = 300

/** A report older than this shows; some 25 s later the dot is at its faintest. */
const staleMs = 1500
const fadeMs = 25_000
const faintest = 0.3

/** The plane shows this much of both axes: the least that holds all that is drawn. */
const extents = [0.1, 0.25, 0.5, 1]

/** It widens at once, and narrows when it was too wide for so long. */
const holdMs = 10_000

/** Radius of the node with the most CPUs, in CSS pixels; a node with a quarter has half of it. */
const largestRadius = 13
const smallestRadius = 4

export class Plane {
  #canvas
  #history
  #palette
  #nodes = []
  #names = new Map()
  #axes = { x: 'cpu', y: 'cpu_pressure' }
  /** For each node and mark, where it comes from, goes to and since when. */
  #moves = new Map()
  #extent = extents[0]
  #wanted = extents[0]
  #neededAtMs = 0
  #frame = 0
  #stillFromMs = 0
  #calm = matchMedia('(prefers-reduced-motion: reduce)')

  constructor(canvas, history, palette) {
    this.#canvas = canvas
    this.#history = history
    this.#palette = palette
    new ResizeObserver(() => this.redraw()).observe(canvas)
  }

  /** Chooses the axes, by the names of the report's dimensions. */
  show(axesByDirection) {
    this.#axes = axesByDirection
    this.#moves.clear()
    this.redraw()
  }

  /** Nodes that have no place on these axes, with the reason. */
  missing() {
    return this.#nodes
      .filter(({ reported }) => placeOf(reported, this.#axes) === null)
      .map(({ id, reported }) => ({
        id,
        reason: reported ? 'no such axis in its report' : 'no report',
      }))
  }

  /** Takes in one snapshot; the marks move to where it says. */
  update(snapshot, nowMs) {
    this.#nodes = snapshot.nodes
    this.#names = shortNames(snapshot.nodes.map((node) => node.id))
    for (const node of snapshot.nodes) {
      this.#move(`${node.id} reported`, placeOf(node.reported, this.#axes), nowMs)
      this.#move(`${node.id} predicted`, placeOf(node.predicted, this.#axes), nowMs)
    }
    this.#stillFromMs = nowMs + moveMs
    this.#describe()
    this.redraw()
  }

  redraw() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((nowMs) => this.#draw(nowMs))
  }

  #move(key, to, nowMs) {
    const had = this.#moves.get(key)
    if (to === null) this.#moves.delete(key)
    else this.#moves.set(key, { from: had ? between(had, nowMs) : to, to, atMs: nowMs })
  }

  #at(key, nowMs) {
    const move = this.#moves.get(key)
    if (!move) return null
    return this.#calm.matches ? move.to : between(move, nowMs)
  }

  #draw(nowMs) {
    this.#frame = 0
    const plot = plotOf(this.#canvas)
    if (plot === null) return
    const isZooming = this.#zoom(nowMs)
    const scene = { ...plot, extent: this.#extent, ticks: ticksFor(this.#extent) }
    backdrop(scene)
    arcs(scene)
    axes(scene)
    const dots = this.#nodes.map((node) => this.#marks(node, nowMs)).filter(Boolean)
    for (const mark of dots) trail(scene, mark)
    within(scene, () => {
      for (const mark of dots) link(scene, mark)
      for (const mark of dots) ring(scene, mark)
    })
    for (const mark of dots) dot(scene, mark)
    names(scene, dots)
    if (isZooming || (nowMs < this.#stillFromMs && !this.#calm.matches)) this.redraw()
  }

  #marks(node, nowMs) {
    const at = this.#at(`${node.id} reported`, nowMs)
    if (at === null) return null
    const age = node.reportAgeMs ?? 0
    // The last report's place is where the dot moves to, and not yet on its way.
    const passed = this.#history.trail(node.id).slice(0, -1)
    const points = passed.map(({ atMs, state }) => ({
      at: placeOf(state, this.#axes),
      age: Math.min(1, (nowMs - atMs) / trailMs),
    }))
    return {
      name: this.#names.get(node.id),
      at,
      predicted: this.#at(`${node.id} predicted`, nowMs),
      points: points.filter((point) => point.at !== null),
      colour: this.#palette.colour(node.id),
      radius: this.#radius(node),
      isHollow: age > staleMs || node.health !== 'up',
      isOut: node.health !== 'up',
      alpha: Math.max(faintest, 1 - Math.max(0, age - staleMs) / fadeMs),
      ink: themed('--ink'),
    }
  }

  #radius({ capacity }) {
    const most = Math.max(...this.#nodes.map((node) => node.capacity?.cpus ?? 0))
    if (!capacity?.cpus || most === 0) return largestRadius / 2
    return Math.max(smallestRadius, largestRadius * Math.sqrt(capacity.cpus / most))
  }

  /** Brings the extent nearer to what all marks and trails need; true while it is not there. */
  #zoom(nowMs) {
    const fitting = extents.find((extent) => extent >= this.#needed() * 1.08) ?? 1
    if (fitting >= this.#wanted) this.#neededAtMs = nowMs
    if (fitting > this.#wanted || nowMs - this.#neededAtMs > holdMs) this.#wanted = fitting
    const isNear = Math.abs(this.#wanted - this.#extent) < this.#wanted / 200
    if (isNear || this.#calm.matches) this.#extent = this.#wanted
    else this.#extent += (this.#wanted - this.#extent) / 8
    return this.#extent !== this.#wanted
  }

  /** The largest coordinate of any report; a prediction, which swings with each call, may lie outside. */
  #needed() {
    let needed = 0
    for (const { id, reported } of this.#nodes) {
      const states = [reported, ...this.#history.trail(id).map((point) => point.state)]
      for (const state of states) {
        const place = placeOf(state, this.#axes)
        if (place !== null) needed = Math.max(needed, place.x, place.y)
      }
    }
    return needed
  }

  #describe() {
    const { x, y } = this.#axes
    const told = this.#nodes.map(({ id, reported }) => {
      const place = placeOf(reported, this.#axes)
      if (place === null) return `${id} has no place`
      return `${id} at ${Math.round(place.x * 100)} and ${Math.round(place.y * 100)} per cent`
    })
    this.#canvas.setAttribute('aria-label', `State plane of ${x} and ${y}: ${told.join('; ')}.`)
  }
}

/** A state's place on two axes; null when one of them is unknown. */
function placeOf(state, { x, y }) {
  if (state?.[x] === undefined || state[y] === undefined) return null
  return { x: state[x], y: state[y] }
}

/** Where a move is at a moment, slowing down towards its end. */
function between({ from, to, atMs }, nowMs) {
  const left = (1 - Math.min(1, Math.max(0, (nowMs - atMs) / moveMs))) ** 2
  return { x: to.x + (from.x - to.x) * left, y: to.y + (from.y - to.y) * left }
}
