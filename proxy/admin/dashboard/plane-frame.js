/** What stands still on the state plane: the ground, the arcs of equal distance and the axes. */
import { percent } from './format.js'
import { themed } from './palette.js'

/** CSS pixels around the plot, for the axes' figures. */
const margin = { left: 46, right: 14, top: 14, bottom: 34 }

const overhang = 14

export const font =
  '12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'

/**
 * The canvas' square plot, cleared and in CSS pixels: its context, its origin (bottom left) and its
 * side. Null while the canvas is not shown.
 */
export function plotOf(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas
  if (width === 0 || height === 0) return null
  const scale = devicePixelRatio
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
  }
  const context = canvas.getContext('2d')
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = font
  const side = Math.min(width - margin.left - margin.right, height - margin.top - margin.bottom)
  return { context, side, left: margin.left, bottom: margin.top + side }
}

/** Where a place `{ x, y }` in [0, 1] is on the canvas. */
export function toCanvas({ left, bottom, side, extent }, { x, y }) {
  return { x: left + (x / extent) * side, y: bottom - (y / extent) * side }
}

/** Values at which figures stand: the steps of 1, 2 or 5 that give four to eight of them. */
export function ticksFor(extent) {
  const decade = 10 ** Math.floor(Math.log10(extent / 4))
  const step = [1, 2, 5, 10].map((n) => n * decade).find((size) => extent / size <= 6)
  const ticks = []
  for (let value = step; value <= extent * 1.0001; value += step) ticks.push(value)
  return ticks
}

/** The ground, from calm at the origin to warm where a node is saturated. */
export function backdrop({ context, left, bottom, side, extent }) {
  const reach = (side / extent) * Math.SQRT2
  const ground = context.createRadialGradient(left, bottom, 0, left, bottom, reach)
  ground.addColorStop(0, themed('--calm'))
  ground.addColorStop(0.5, themed('--midway'))
  ground.addColorStop(1, themed('--strained'))
  context.fillStyle = ground
  context.fillRect(left, bottom - side, side, side)
}

/** Draws, and cuts off what lies outside of the plot by more than a dot. */
export function within({ context, left, bottom, side }, draw) {
  context.save()
  context.beginPath()
  context.rect(left - overhang, bottom - side - overhang, side + 2 * overhang, side + 2 * overhang)
  context.clip()
  draw()
  context.restore()
}

/** One arc for each figure of the axes, up to the far corner. */
export function arcs({ context, left, bottom, side, extent, ticks }) {
  context.save()
  context.beginPath()
  context.rect(left, bottom - side, side, side)
  context.clip()
  context.strokeStyle = themed('--arc')
  context.lineWidth = 1
  const step = ticks[0]
  for (let distance = step; distance < extent * Math.SQRT2; distance += step) {
    context.beginPath()
    context.arc(left, bottom, (distance / extent) * side, -Math.PI / 2, 0)
    context.stroke()
  }
  context.restore()
}

export function axes(scene) {
  const { context, left, bottom, side, ticks } = scene
  context.strokeStyle = themed('--axis')
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(left, bottom - side)
  context.lineTo(left, bottom)
  context.lineTo(left + side, bottom)
  context.stroke()
  context.fillStyle = themed('--muted')
  for (const value of ticks) {
    const at = toCanvas(scene, { x: value, y: value })
    context.textAlign = value === ticks.at(-1) ? 'right' : 'center'
    context.textBaseline = 'top'
    context.fillText(percent(value), Math.min(at.x + 12, at.x), bottom + 9)
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    context.fillText(percent(value), left - 8, at.y)
  }
  context.textAlign = 'left'
  context.textBaseline = 'top'
  context.fillText('idle', left - 28, bottom + 9)
  context.fillStyle = themed('--ink')
  context.beginPath()
  context.arc(left, bottom, 3.5, 0, 2 * Math.PI)
  context.fill()
}
