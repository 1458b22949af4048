import { formatPercent } from './format.ts'
import { bottomAxis, leftAxis, plotLeft, seriesClass } from './frame.ts'
import { linearScale } from './scale.ts'
import { element, label, line, type Markup, picture, polyline } from './svg.ts'
import type { Trial } from './trial.ts'

const width = 300
const top = 10
const bottom = 214
const right = width - 14
const axisHeight = 42
const keyHeight = 15
const keysInRow = 4
/** The axes end a little beyond 1, so that a saturated node is seen whole. */
const reach = 1.05

type Path = NonNullable<Trial['path']>
type Point = readonly [cpu: number, pressure: number]

/**
 * The nodes' ways through the state space in one trial: CPU to the right, the largest pressure upward,
 * idle at the bottom left. The trails are drawn; on a screen a dot for each node runs along its own in
 * the time that it took (declared in the picture itself, without a script).
 */
export function statePaths({ stepMs, nodes }: Path): Markup {
  const across = linearScale(reach, plotLeft, right)
  const upward = linearScale(reach, bottom, top)
  const place = ([cpu, pressure]: Point) => [across.at(cpu), upward.at(pressure)] as const
  const percent = (share: number) => formatPercent(share, 0)
  const drawn = nodes.map((node, index) => ({ id: node.id, index, points: pointsOf(node) }))
  const seconds = ((nodes[0]?.cpu.length ?? 0) * stepMs) / 1000
  return picture(
    width,
    bottom + axisHeight + Math.ceil(nodes.length / keysInRow) * keyHeight,
    'Ways of the nodes through the state space, CPU use against pressure',
    bottomAxis(across, top, bottom, percent, 'CPU used, of what the node may use', right),
    leftAxis(upward, percent, right),
    ...drawn.map(({ index, points }) =>
      element('g', { class: seriesClass(index) }, polyline(points.map(place), 'trail')),
    ),
    ...drawn.map(({ index, points }) => dot(points.map(place), seconds, index)),
    ...drawn.map(({ id, index }) => key(id, index)),
  )
}

function dot(
  places: readonly (readonly [number, number])[],
  seconds: number,
  index: number,
): Markup {
  const [first = [0, 0]] = places
  const values = (axis: 0 | 1) => places.map((place) => Number(place[axis].toFixed(1))).join(';')
  const animate = (attributeName: string, axis: 0 | 1) =>
    element('animate', {
      attributeName,
      values: values(axis),
      dur: `${seconds}s`,
      repeatCount: 'indefinite',
    })
  return element(
    'g',
    { class: `${seriesClass(index)} moving` },
    element(
      'circle',
      { cx: first[0], cy: first[1], r: 5.5, class: 'full' },
      ...(places.length < 2 ? [] : [animate('cx', 0), animate('cy', 1)]),
    ),
  )
}

function key(id: string, index: number): Markup {
  const x = 14 + (index % keysInRow) * ((right - 14) / keysInRow)
  const y = bottom + axisHeight + 9 + Math.floor(index / keysInRow) * keyHeight
  return element(
    'g',
    { class: seriesClass(index) },
    line(x, y - 4, x + 14, y - 4, 'key'),
    label(x + 18, y, id, 'start', 'tick'),
  )
}

/** Where both axes are known. */
function pointsOf({ cpu, pressure }: Path['nodes'][number]): readonly Point[] {
  return cpu.flatMap((use, i) => {
    const waits = pressure[i] ?? null
    return use === null ? [] : [[use, waits ?? 0] as const]
  })
}
