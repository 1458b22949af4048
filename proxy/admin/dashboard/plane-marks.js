/** What moves on the state plane. A mark is one node: see `Plane`, which makes them. */
import { themed } from './palette.js'
import { font, toCanvas } from './plane-frame.js'

const trailWidth = 3

/**
 * The way of the last 30 s, thinner and fainter the longer ago; rounded between the reports'
 * places, so that the noise of single reports does not draw the eye.
 */
export function trail(scene, { points, at, colour, alpha }) {
  const { context } = scene
  const way = [...points, { at, age: 0 }].map((point) => ({
    ...toCanvas(scene, point.at),
    age: point.age,
  }))
  context.strokeStyle = colour
  context.lineCap = 'butt' // Round ends would overlap, and show as beads.
  for (let i = 1; i < way.length; i += 1) {
    const corner = way[i - 1]
    const from = i === 1 ? corner : middle(way[i - 2], corner)
    const to = i === way.length - 1 ? way[i] : middle(corner, way[i])
    const fresh = 1 - corner.age
    context.globalAlpha = 0.55 * alpha * fresh
    context.lineWidth = 0.6 + trailWidth * fresh
    context.beginPath()
    context.moveTo(from.x, from.y)
    context.quadraticCurveTo(corner.x, corner.y, to.x, to.y)
    context.stroke()
  }
  context.globalAlpha = 1
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}

/** From what was reported to what is believed now. */
export function link(scene, { at, predicted, colour, radius, alpha }) {
  if (predicted === null) return
  const { context } = scene
  const [from, to] = [toCanvas(scene, at), toCanvas(scene, predicted)]
  if (Math.hypot(to.x - from.x, to.y - from.y) < radius) return
  context.globalAlpha = 0.6 * alpha
  context.strokeStyle = colour
  context.lineWidth = 1.2
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.lineTo(to.x, to.y)
  context.stroke()
  context.globalAlpha = 1
}

export function ring(scene, { predicted, colour, radius, alpha }) {
  if (predicted === null) return
  const { context } = scene
  const { x, y } = toCanvas(scene, predicted)
  context.globalAlpha = 0.65 * alpha
  context.strokeStyle = colour
  context.lineWidth = 1.6
  context.beginPath()
  context.arc(x, y, radius + 2.5, 0, 2 * Math.PI)
  context.stroke()
  context.globalAlpha = 1
}

export function dot(scene, { at, colour, radius, isHollow, isOut, alpha }) {
  const { context } = scene
  const { x, y } = toCanvas(scene, at)
  context.globalAlpha = alpha
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fillStyle = isHollow ? themed('--panel') : colour
  context.globalAlpha = alpha * 0.85 // So that a dot under another one is seen.
  context.fill()
  context.globalAlpha = alpha
  context.strokeStyle = isHollow ? colour : themed('--panel')
  context.lineWidth = isHollow ? 2 : 1.5
  context.stroke()
  if (isOut) cross(context, x, y, radius * 0.5)
  context.globalAlpha = 1
}

function cross(context, x, y, reach) {
  context.beginPath()
  context.moveTo(x - reach, y - reach)
  context.lineTo(x + reach, y + reach)
  context.moveTo(x - reach, y + reach)
  context.lineTo(x + reach, y - reach)
  context.stroke()
}

const nameHeight = 15

/** The nodes' names, each on the side of its dot where it covers the least. */
export function names(scene, marks) {
  const { context } = scene
  context.font = `600 ${font}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  const taken = marks.map((mark) => boxAround(toCanvas(scene, mark.at), mark.radius))
  for (const mark of marks) {
    const box = leastCovering(scene, taken, sidesOf(scene, mark))
    taken.push(box)
    context.globalAlpha = Math.max(0.6, mark.alpha)
    context.strokeStyle = themed('--panel')
    context.lineWidth = 3
    context.strokeText(mark.name, box.left, box.top + nameHeight / 2)
    context.fillStyle = mark.ink
    context.fillText(mark.name, box.left, box.top + nameHeight / 2)
  }
  context.globalAlpha = 1
  context.font = font
}

/** Boxes in which a name may stand, the best first: right, left, above, below; then farther away. */
function sidesOf(scene, { name, at, radius }) {
  const { x, y } = toCanvas(scene, at)
  const width = scene.context.measureText(name).width
  const boxes = []
  for (const away of [radius + 6, radius + 20, radius + 36]) {
    const [above, beside, below] = [y - away - nameHeight, y - nameHeight / 2, y + away]
    const [leftOf, centred, rightOf] = [x - away - width, x - width / 2, x + away]
    boxes.push([rightOf, beside], [leftOf, beside], [centred, above], [centred, below])
    boxes.push([x, above], [x - width, above], [x, below], [x - width, below])
  }
  return boxes.map(([left, top]) => ({ left, top, right: left + width, bottom: top + nameHeight }))
}

function boxAround({ x, y }, radius) {
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
}

function leastCovering({ left, bottom, side }, taken, boxes) {
  const plot = { left, right: left + side, top: bottom - side, bottom }
  const costs = boxes.map((box) => {
    const covered = taken.reduce((total, other) => total + overlap(box, other), 0)
    return covered + 4 * (area(box) - overlap(box, plot))
  })
  return boxes[costs.indexOf(Math.min(...costs))]
}

function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return Math.max(0, width) * Math.max(0, height)
}

function area({ left, right, top, bottom }) {
  return (right - left) * (bottom - top)
}
